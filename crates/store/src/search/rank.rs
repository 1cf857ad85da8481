//! Which of the found messages come first.
//!
//! The score is a whole number, computed from the text alone, so that it is the same on every machine and database.

use super::matcher::Occurrence;

/// For a term that is a whole word; half of it if it only begins one.
const WHOLE_WORD: u32 = 12;
/// For terms side by side; the further apart, the less.
const TOGETHER: u32 = 16;
/// For terms that stand in the order in which they were typed.
const IN_ORDER: u32 = 4;

/// How well a text matches in which each term was found.
pub(crate) fn score(found: &[Vec<Occurrence>]) -> u32 {
    let words: u32 =
        found.iter().map(|of_term| of_term.iter().map(wordliness).max().unwrap_or_default()).sum();
    words + if found.len() > 1 { nearness(found) } else { 0 }
}

fn wordliness(occurrence: &Occurrence) -> u32 {
    match (occurrence.word_start, occurrence.word_end) {
        (true, true) => WHOLE_WORD,
        (true, false) => WHOLE_WORD / 2,
        (false, _) => 0,
    }
}

/// How close together all terms occur, where they do so best.
fn nearness(found: &[Vec<Occurrence>]) -> u32 {
    let mut places: Vec<(usize, usize, usize)> = found
        .iter()
        .enumerate()
        .flat_map(|(term, of_term)| of_term.iter().map(move |place| (place.start, place.end, term)))
        .collect();
    places.sort_unstable();
    // The last place of each term so far: the best group that ends here consists of these.
    let mut last: Vec<Option<(usize, usize)>> = vec![None; found.len()];
    let mut best = 0;
    for (start, end, term) in places {
        if let Some(slot) = last.get_mut(term) {
            *slot = Some((start, end));
        }
        if let Some(group) = last.iter().copied().collect::<Option<Vec<_>>>() {
            let begin = group.iter().map(|(start, _)| *start).min().unwrap_or_default();
            let finish = group.iter().map(|(_, end)| *end).max().unwrap_or_default();
            let covered: usize = group.iter().map(|(start, end)| end - start).sum();
            let gap = (finish - begin).saturating_sub(covered);
            let order = if group.is_sorted() { IN_ORDER } else { 0 };
            best = best.max(TOGETHER.saturating_sub(2 * (gap + 1).ilog2()) + order);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::matcher::Matcher;
    use super::super::query::SearchText;

    #[test]
    fn the_better_match_comes_first() {
        for (typed, in_order) in [
            ("boat", &["a boat", "boats", "rowboats"][..]),
            (
                "red boat",
                &["a red boat", "boat, red", "the boat is red", "red, as many other things, also a boat"],
            ),
            ("red boat", &["red boat", "red boats", "infrared boats"]),
            ("\"a boat\" red", &["red: a boat", "redder: a boat"]),
        ] {
            let matcher = Matcher::new(&SearchText::parse(typed).unwrap());
            let scores: Vec<_> = in_order.iter().map(|content| matcher.score(content).unwrap()).collect();
            assert!(scores.is_sorted_by(|a, b| a > b), "{typed:?}: {scores:?}");
        }
    }

    #[test]
    fn more_of_the_same_is_not_better() {
        let matcher = Matcher::new(&SearchText::parse("boat").unwrap());
        assert_eq!(matcher.score("boat"), matcher.score("boat boat boat"));
    }
}
