//! What text may look like, and what is found in it.

use crate::harness::{World, draft, fields};
use crate::properties;
use icu_properties::CodePointSetData;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint};
use natter_chat::Error;
use natter_chat::text::emoji::reaction;
use natter_chat::text::link::links;
use natter_chat::text::mention::{Mentions, mentions};
use natter_chat::text::{is_blank, tidy, tidy_name};
use natter_protocol::{ConversationKind, CreateConversation, invisible, limits};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// The file says how each text is shown; whom it mentions and where it links to follows from that.
#[test]
fn the_domain_finds_what_is_shown() {
    let fixtures = include_str!("../../../../docs/guides/markdown.fixtures.json");
    let fixtures: Vec<Value> = serde_json::from_str(fixtures).unwrap();
    assert!(fixtures.len() > 50);
    for fixture in fixtures {
        let text = fixture["markdown"].as_str().unwrap();
        let mut shown = Mentions::default();
        let mut urls = Vec::new();
        visit(&fixture["tokens"], &mut |token| match token["kind"].as_str() {
            Some("mention") => match token["name"].as_str().unwrap() {
                "here" => shown.here = true,
                "all" => shown.all = true,
                name if shown.usernames.iter().any(|known| known == name) => {}
                name => shown.usernames.push(name.to_owned()),
            },
            Some("link") => urls.extend(token["href"].as_str().map(str::to_owned)),
            _ => {}
        });
        urls.retain(|url| !url.starts_with("mailto:"));
        let mut distinct = Vec::new();
        for url in urls {
            if !distinct.contains(&url) {
                distinct.push(url);
            }
        }
        assert_eq!(mentions(text), shown, "{text}");
        assert_eq!(links(text), distinct, "{text}");
    }
}

/// Sees each token, in the order in which they are shown.
fn visit(tokens: &Value, see: &mut impl FnMut(&Value)) {
    match tokens {
        Value::Array(tokens) => tokens.iter().for_each(|token| visit(token, see)),
        Value::Object(token) => {
            see(tokens);
            ["blocks", "items", "parts"]
                .iter()
                .filter_map(|key| token.get(*key))
                .for_each(|part| visit(part, see));
        }
        _ => {}
    }
}

#[test]
fn whoever_is_mentioned_often_is_mentioned_once_and_not_everybody_is() {
    let crowd: Vec<_> = (0..200).map(|number| format!("@User{}", number / 2)).collect();
    let found = mentions(&format!("{} @here", crowd.join(" ")));
    assert_eq!(found.usernames.len(), limits::MESSAGE_MENTIONS_MAX);
    assert_eq!((found.usernames[0].as_str(), found.usernames[49].as_str()), ("user0", "user49"));
    assert!(found.here && !found.all);

    let addresses: Vec<_> = (0..40).map(|number| format!("https://example.com/{}", number / 2)).collect();
    let found = links(&addresses.join(" "));
    assert_eq!(found.len(), limits::MESSAGE_LINKS_MAX);
    assert_eq!(found[9], "https://example.com/9");
}

#[test]
fn a_reaction_is_one_emoji_in_its_one_spelling() {
    for (typed, kept) in [
        ("👍", "👍"),
        ("👍\u{fe0f}", "👍"),
        ("❤", "❤\u{fe0f}"),
        ("❤\u{fe0f}", "❤\u{fe0f}"),
        ("❤\u{fe0e}", "❤\u{fe0f}"),
        ("👋🏽", "👋🏽"),
        ("✌\u{fe0f}🏽", "✌🏽"),
        ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
        ("#\u{fe0f}\u{20e3}", "#\u{fe0f}\u{20e3}"),
        ("🇳🇴", "🇳🇴"),
        ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
        ("👩\u{200d}👩\u{200d}👧\u{200d}👦", "👩\u{200d}👩\u{200d}👧\u{200d}👦"),
        ("🕵🏽\u{200d}♂", "🕵🏽\u{200d}♂\u{fe0f}"),
        ("🧑🏻\u{200d}❤\u{200d}💋\u{200d}🧑🏿", "🧑🏻\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}🧑🏿"),
    ] {
        assert_eq!(reaction(typed).unwrap(), kept, "{typed}");
    }
    let family = "👩\u{200d}".repeat(20);
    for refused in [
        "",
        " ",
        "a",
        "1",
        "#",
        "👍👍",
        "👍 ",
        "👍a",
        ":thumbsup:",
        "🇳",
        "🇽🇽",
        "\u{fe0f}",
        "\u{200d}",
        "é",
        &family,
    ] {
        let Err(Error::Validation(errors)) = reaction(refused) else { panic!("{refused:?} is no emoji") };
        assert_eq!(errors[0].field, "emoji");
    }
}

#[test]
fn what_shows_nothing_is_blank() {
    for blank in [
        "",
        " \n\t\u{a0}\u{3000}",
        "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}",
        "\u{fe0f}\u{e0100}\u{34f}",
        "\u{115f}\u{1160}\u{3164}\u{ffa0}",
        "\u{2800}\u{1d159}",
        "\u{202e}\u{2066}\u{e0041}",
        "\u{7}",
    ] {
        assert!(is_blank(blank), "{blank:?}");
    }
    for seen in ["x", " .", "\u{200b}é", "❤\u{fe0f}", "\u{301}", "\u{2801}", "\u{fffd}"] {
        assert!(!is_blank(seen), "{seen:?}");
    }
}

#[tokio::test]
async fn a_message_with_control_characters_or_nothing_to_see_is_refused() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let group = world.group(&ada, &[]).await;
    for refused in ["a\0", "\u{1b}[2J", "a\u{7f}", "a\u{85}b", "\u{200b}\u{3164}", "\u{2800}\n\t"] {
        assert_eq!(fields(world.send(&ada, group, draft(refused)).await), ["content"], "{refused:?}");
    }
    assert_eq!(world.say(&ada, group, "a\r\n\tb \u{202e}c").await.content, "a\n\tb \u{202e}c\u{202c}");
    // What is added counts.
    let longest = "x".repeat(limits::MESSAGE_CHARS_MAX - 1);
    assert_eq!(fields(world.send(&ada, group, draft(&format!("{longest}\u{202e}"))).await), ["content"]);
}

#[tokio::test]
async fn a_name_is_one_line_that_turns_nothing_around_it() {
    let world = World::new().await;
    let ada = world.actor("ada").await;
    let named = |name: &str| CreateConversation {
        kind: ConversationKind::Group,
        name: Some(name.to_owned()),
        topic: None,
        visibility: None,
        members: Vec::new(),
    };
    for refused in [
        "",
        " ",
        "\u{3164}",
        "a\nb",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{7}",
        "\u{202e}a",
        "a\u{200f}",
        "\u{61c}a",
    ] {
        assert_eq!(fields(world.create(&ada, named(refused)).await), ["name"], "{refused:?}");
    }
    let (group, _) = world.create(&ada, named(" Cafe\u{301} \u{1f469}\u{200d}\u{1f680} ")).await.unwrap();
    assert_eq!(group.info.name.as_deref(), Some("Café 👩\u{200d}🚀"));
}

#[test]
fn a_text_is_kept_with_one_kind_of_line_break() {
    assert_eq!(tidy("a\r\nb\rc\n\r\n  d  "), "a\nb\nc\n\n  d  ");
    assert_eq!(tidy("Grüße, 世界 👩‍🚀\t<b>"), "Grüße, 世界 👩‍🚀\t<b>");
}

#[test]
fn names_that_look_the_same_are_the_same() {
    assert_eq!(tidy_name("  Ame\u{301}lie\u{3000}"), "Amélie");
    assert_eq!(tidy_name("A\u{30a}ngstro\u{308}m"), tidy_name("\u{212b}ngström"));
    // Compatibility is not the same look.
    assert_eq!(tidy_name("ﬁn"), "ﬁn");
}

#[test]
fn a_direction_ends_with_its_line() {
    for (typed, kept) in [
        ("\u{202e}evil", "\u{202e}evil\u{202c}"),
        ("\u{202e}a\nb", "\u{202e}a\u{202c}\nb"),
        ("\u{2067}a\u{202a}b", "\u{2067}a\u{202a}b\u{202c}\u{2069}"),
        ("\u{2067}a\u{202a}b\u{2069}c", "\u{2067}a\u{202a}b\u{202c}\u{2069}c"),
        ("\u{202a}\u{2066}a\u{202c}b", "\u{202a}\u{2066}ab\u{2069}\u{202c}"),
        ("a\u{2069}\u{202c}b", "ab"),
        ("\u{200f}\u{202b}مرحبا\u{202c}\u{200e}", "\u{200f}\u{202b}مرحبا\u{202c}\u{200e}"),
    ] {
        assert_eq!(tidy(typed), kept, "{typed:?}");
    }
}

/// Were any of these looked at anew for each of its characters, this would take a quarter of an hour.
#[test]
fn hostile_texts_take_steps_in_proportion_to_their_length() {
    const BYTES: usize = 1 << 18;
    let climbing = (1..700).map(|ticks| "`".repeat(ticks)).collect::<Vec<_>>().join(" ");
    let hostile = [
        "`",
        "` ``",
        "[",
        "[a](",
        "[a](https://b",
        "[a](https://b(",
        "(",
        "@",
        "@a",
        "@a-",
        "@aa@",
        "@a.",
        "h",
        "https://",
        "https://a/",
        "https://a/(",
        "https://a/)",
        "https://a@",
        "mailto:",
        "mailto:a@b",
        "> ",
        ">",
        "\n",
        "```\n",
        "> ```\n",
        "- ",
        "*a ",
        "\u{202e}",
        "\u{2066}\u{202a}",
        "\u{2066}\u{2069}",
        "\u{202c}",
        "\r",
        "é",
        "👩\u{200d}",
        &climbing,
    ];
    let texts = hostile.map(|part| part.repeat(BYTES / part.len()));
    // Closers without what they could close.
    let unmatched = ["\u{202a}".repeat(BYTES / 6) + &"\u{2069}".repeat(BYTES / 6)];
    for text in texts.into_iter().chain(unmatched) {
        let kept = tidy(&text);
        is_blank(&kept);
        mentions(&kept);
        links(&kept);
    }
}

/// Texts of the pieces that the rules are about.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "`", "``", "```", "```\n", "@", "@ada", "@Ada.", "@here", "ada@example.com", "https://", "https://a.example/",
            "mailto:", "[", "]", "(", ")", "[x](", "> ", "- ", "*", "\n", "\r\n", " ", "é", "中", "و", "。", "\u{202e}",
            "\u{202a}", "\u{202c}", "\u{2067}", "\u{2069}", "\u{2029}", "\u{fe0f}", "👍",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[@a-zA-Z0-9_.-]{1,40}",
    ];
    vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Text in both directions, full of what changes it.
fn directed() -> impl Strategy<Value = String> {
    let c = prop::sample::select(
        "ab א1٣ .(\n\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
            .chars()
            .collect::<Vec<_>>(),
    );
    vec(c, 0..40).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_rules_hold_for_every_text(text in pieces()) {
        properties::text(&text);
    }

    /// Compared with the algorithm of Unicode (UAX #9).
    #[test]
    fn a_tidy_text_looks_the_same_and_turns_nothing_around_it(text in directed()) {
        let kept = tidy(&text);
        let visible = |text: &str| -> Vec<(char, Level)> {
            let info = BidiInfo::new(text, Some(Level::ltr()));
            let levels = text.char_indices().map(|(at, c)| (c, info.levels[at]));
            // The controls themselves are not seen, and spaces before them may belong to the end of the line.
            levels.filter(|(c, _)| !is_control(*c) && !c.is_whitespace()).collect()
        };
        // To the algorithm, an isolate's closer that closes nothing is still a neutral character without width.
        if !text.split('\n').any(closes_too_much) {
            prop_assert_eq!(visible(&kept), visible(&text));
        }

        let line = kept.replace('\n', " ");
        let isolated = format!("x \u{2068}{line}\u{2069} y");
        let info = BidiInfo::new(&isolated, Some(Level::ltr()));
        prop_assert_eq!(info.levels[isolated.len() - 1], Level::ltr());
        let bare = format!("{line}\u{200e}y");
        let info = BidiInfo::new(&bare, Some(Level::ltr()));
        prop_assert_eq!(info.levels[bare.len() - 1], Level::ltr());
    }
}

fn is_control(c: char) -> bool {
    use BidiClass::{FSI, LRE, LRI, LRO, PDF, PDI, RLE, RLI, RLO};
    matches!(bidi_class(c), FSI | LRE | LRI | LRO | PDF | PDI | RLE | RLI | RLO)
}

fn closes_too_much(line: &str) -> bool {
    let mut open = 0_usize;
    line.chars().any(|c| match bidi_class(c) {
        BidiClass::FSI | BidiClass::LRI | BidiClass::RLI => {
            open += 1;
            false
        }
        BidiClass::PDI if open == 0 => true,
        BidiClass::PDI => {
            open -= 1;
            false
        }
        _ => false,
    })
}

/// The table is Unicode's, and each of its parts lies in the next.
#[test]
fn what_is_invisible_is_what_unicode_says() {
    let (turning, ignorable) =
        (CodePointSetData::new::<BidiControl>(), CodePointSetData::new::<DefaultIgnorableCodePoint>());
    for c in '\0'..=char::MAX {
        assert_eq!(invisible::turns(c), turning.contains(c), "{}", c.escape_unicode());
        assert_eq!(invisible::is_invisible(c), ignorable.contains(c), "{}", c.escape_unicode());
        assert!(!invisible::disguises(c) || invisible::is_invisible(c), "{}", c.escape_unicode());
    }
    // Words of Persian and families of emoji are held together by them.
    assert!(!"\u{200c}\u{200d}\u{fe0f}\u{e0067}".contains(invisible::disguises));
}
