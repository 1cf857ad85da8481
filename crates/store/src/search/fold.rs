//! Texts as they are compared: without case, accents, and other differences that nobody types into a search box.
//!
//! The result is for comparing only. What of it came from where in the original is known by [`fold_mapped`], so that
//! a match can be shown in the original.

use natter_protocol::invisible::is_invisible;
use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

/// A character of a folded text, and the UTF-16 units of the original that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folded {
    character: char,
    start: u32,
    end: u32,
}

/// Folds a text.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        let mut after_space = true;
        for byte in text.bytes() {
            let space = is_space(char::from(byte));
            if !space {
                folded.push(char::from(byte.to_ascii_lowercase()));
            } else if !after_space {
                folded.push(' ');
            }
            after_space = space;
        }
    } else {
        each(text, |piece| folded.push(piece.character));
    }
    folded
}

/// A folded text that knows where it came from.
#[derive(Debug)]
pub(crate) struct Mapped {
    /// The folded text.
    pub(crate) text: String,
    /// Where in it a character begins, and the UTF-16 units of the original that it came from.
    origins: Vec<(usize, u32, u32)>,
}

impl Mapped {
    /// The UTF-16 units of the original that the folded bytes from `start` up to `end` came from.
    pub(crate) fn origin(&self, start: usize, end: usize) -> (u32, u32) {
        let first = self.origins.partition_point(|(at, ..)| *at <= start).saturating_sub(1);
        let last = self.origins.partition_point(|(at, ..)| *at < end).saturating_sub(1);
        let from = self.origins.get(first).map_or(0, |(_, from, _)| *from);
        (from, self.origins.get(last).map_or(from, |(.., to)| *to))
    }
}

/// Folds a text; the same as [`fold`], and slower.
pub(crate) fn fold_mapped(text: &str) -> Mapped {
    let mut mapped =
        Mapped { text: String::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
    each(text, |piece| {
        mapped.origins.push((mapped.text.len(), piece.start, piece.end));
        mapped.text.push(piece.character);
    });
    mapped
}

/// Gives the characters of the folded text, in order.
fn each(text: &str, mut give: impl FnMut(Folded)) {
    let mut given = ' ';
    // The first of these stays back until it is known what follows: a mark may change it or widen its origin.
    let mut held: Option<Folded> = None;
    let mut release = |piece: Folded| {
        lower(piece.character, |character| {
            if character != ' ' || given != ' ' {
                given = character;
                give(Folded { character, ..piece });
            }
        });
    };
    let mut at = 0;
    for original in text.chars() {
        let start = at;
        at += if u32::from(original) > 0xffff { 2 } else { 1 };
        if original.is_ascii() {
            // Most of most texts: there is nothing to take apart or to leave out.
            let character = if is_space(original) { ' ' } else { original };
            held.replace(Folded { character, start, end: at }).into_iter().for_each(&mut release);
            continue;
        }
        decompose_compatible(original, |character| {
            if let Some(last) = &mut held {
                let composed = composes(last.character, character);
                if composed.is_some() || is_ignored(character) {
                    last.character = composed.unwrap_or(last.character);
                    last.end = at;
                    return;
                }
            }
            if let Some(last) = held.take() {
                release(last);
            }
            if !is_ignored(character) {
                let character = if is_space(character) { ' ' } else { character };
                held = Some(Folded { character, start, end: at });
            }
        });
    }
    if let Some(last) = held {
        release(last);
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Marks that make another letter, not the same one with an accent: the voiced Japanese syllables, Cyrillic й, ї and ў,
/// and the parts of Korean syllables.
fn composes(base: char, mark: char) -> Option<char> {
    let kept = match mark {
        '\u{306}' => matches!(base, 'и' | 'И' | 'у' | 'У'),
        '\u{308}' => matches!(base, 'і' | 'І'),
        '\u{3099}' | '\u{309a}' | '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}' => true,
        _ => false,
    };
    if kept { compose(base, mark) } else { None }
}

/// What is left out: accents, the vowel points of Hebrew and Arabic, the stretching of Arabic words, skin tones, and
/// what cannot be seen.
fn is_ignored(character: char) -> bool {
    match character {
        // Points among letters.
        '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{6ed}' | '\u{8c0}'..='\u{8ff}' => {
            is_combining_mark(character)
        }
        // Blocks of combining diacritical marks; stretching; skin tones.
        '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{640}'
        | '\u{1f3fb}'..='\u{1f3ff}' => true,
        _ => is_invisible(character),
    }
}

/// Gives a character without its case, and letters that many keyboards lack or that are written in several ways.
fn lower(character: char, mut give: impl FnMut(char)) {
    let spelling = match character {
        '\0'..='\x7f' => return give(character.to_ascii_lowercase()),
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' => "d",
        'ħ' | 'Ħ' => "h",
        'ł' | 'Ł' => "l",
        'ı' => "i",
        'ς' => "σ",
        '‘' | '’' | 'ʼ' => "'",
        'ٱ' => "ا",
        'ى' | 'ی' => "ي",
        'ة' => "ه",
        'ک' => "ك",
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
            // The digits of both blocks begin at a multiple of 16.
            return give(char::from(b'0' + (u32::from(character) & 0xf) as u8));
        }
        _ => return character.to_lowercase().for_each(give),
    };
    spelling.chars().for_each(&mut give);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_type_folds_to_the_same() {
        for (typed, written) in [
            ("cafe", "CAFÉ"),
            ("cafe", "cafe\u{301}"),
            ("strasse", "Straße"),
            ("STRASSE", "straẞe"),
            ("lodz", "Łódź"),
            ("istanbul", "İstanbul"),
            ("istanbul", "ıstanbul"),
            ("σοφος", "Σοφός"),
            ("елка", "Ёлка"),
            ("c1", "c₁"),
            ("r2", "ℝ²"),
            ("file", "ﬁle"),
            ("full width 12", "Ｆｕｌｌ　Ｗｉｄｔｈ １２"),
            ("ガイド", "ｶﾞｲﾄﾞ"),
            ("が", "か\u{3099}"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("احمد", "أَحْمَد"),
            ("مدرسه", "مدرسة"),
            ("مصطفي", "مصطفى"),
            ("محمد", "محـــمد"),
            ("2026", "٢٠٢٦"),
            ("שלום", "שָׁלוֹם"),
            ("👍", "👍🏽"),
            ("❤", "❤\u{fe0f}"),
            ("a b", "a \t\r\n b"),
            ("ab", "a\u{ad}b\u{200d}"),
            ("don't", "Don’t"),
            ("п'ять", "пʼять"),
        ] {
            assert_eq!(fold(typed), fold(written), "{typed:?} and {written:?}");
        }
    }

    #[test]
    fn other_letters_stay_other_letters() {
        for (one, other) in
            [("мой", "мои"), ("їжа", "іжа"), ("か", "が"), ("は", "ぱ"), ("가", "강"), ("ตา", "ต")]
        {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn a_match_is_shown_in_the_original() {
        // 👋 has two units, é here two characters, ß becomes two.
        let original = "👋 Cafe\u{301}  Straße";
        let units: Vec<u16> = original.encode_utf16().collect();
        let mapped = fold_mapped(original);
        let shown = |part: &str| {
            let at = mapped.text.find(part).unwrap();
            let (start, end) = mapped.origin(at, at + part.len());
            String::from_utf16(&units[start as usize..end as usize]).unwrap()
        };
        assert_eq!(mapped.text, "👋 cafe strasse");
        assert_eq!(shown("👋"), "👋");
        assert_eq!(shown("cafe"), "Cafe\u{301}");
        assert_eq!(shown("e str"), "e\u{301}  Str");
        assert_eq!(shown("stras"), "Straß", "half a letter cannot be shown");
        assert_eq!(shown("strasse"), "Straße");
    }

    proptest! {
        #[test]
        fn both_ways_of_folding_agree(text in "\\PC{0,40}|[ a-zA-Z\\n\\x00-\\x7f]{0,40}") {
            let mapped = fold_mapped(&text);
            prop_assert_eq!(fold(&text), mapped.text.clone());
            let units = u32::try_from(text.encode_utf16().count()).unwrap();
            for (at, character) in mapped.text.char_indices() {
                let (start, end) = mapped.origin(at, at + character.len_utf8());
                prop_assert!(start < end && end <= units);
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
