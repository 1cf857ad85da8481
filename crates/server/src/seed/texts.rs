//! What the sample people are called and what they say.

use super::rng::Rng;

/// One of the sample people.
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) display_name: &'static str,
}

/// What people talk about.
pub(super) struct Theme {
    pub(super) channel: &'static str,
    pub(super) topic: &'static str,
    things: &'static [&'static str],
}

/// The sample people.
pub(super) const PEOPLE: &[Person] = &[
    Person { username: "alice", display_name: "Alice" },
    Person { username: "bob", display_name: "Bob" },
    Person { username: "chiyo", display_name: "千代 Chiyo" },
    Person { username: "dilan", display_name: "Dilan" },
    Person { username: "edda", display_name: "Edda" },
    Person { username: "farid", display_name: "فريد Farid" },
    Person { username: "greta", display_name: "Greta" },
    Person { username: "hugo", display_name: "Hugo" },
    Person { username: "ines", display_name: "Inês" },
    Person { username: "jonas", display_name: "Jonas" },
];

/// One channel each.
pub(super) const THEMES: &[Theme] = &[
    Theme {
        channel: "general",
        topic: "Whatever concerns everybody",
        things: &["agenda", "new office key", "printer", "group photo", "parking list", "fire drill"],
    },
    Theme {
        channel: "releases",
        topic: "What ships, and when",
        things: &["release notes", "changelog", "version tag", "upgrade guide", "migration", "download page"],
    },
    Theme {
        channel: "help",
        topic: "No question is too small",
        things: &[
            "login page",
            "password reset",
            "upload limit",
            "time zone setting",
            "search box",
            "invite link",
        ],
    },
    Theme {
        channel: "design",
        topic: "How it looks and feels",
        things: &[
            "icon set",
            "dark theme",
            "empty state",
            "font size",
            "colour contrast",
            "onboarding sketch",
        ],
    },
    Theme {
        channel: "backend",
        topic: "Servers, queries, queues",
        things: &[
            "query plan",
            "slow test",
            "retry loop",
            "connection pool",
            "nightly backup",
            "memory graph",
        ],
    },
    Theme {
        channel: "kitchen",
        topic: "Recipes and leftovers",
        things: &["sourdough", "lentil soup", "espresso machine", "lemon cake", "spice rack", "last banana"],
    },
    Theme {
        channel: "garden",
        topic: "The roof garden",
        things: &["tomato bed", "watering plan", "bee hotel", "compost", "raspberry bush", "garden hose"],
    },
    Theme {
        channel: "books",
        topic: "Read something good?",
        things: &["second chapter", "library card", "audio book", "book swap", "short story", "translation"],
    },
    Theme {
        channel: "bikes",
        topic: "Rides and repairs",
        things: &["rear brake", "chain", "route along the river", "pump", "bike stand", "rain jacket"],
    },
    Theme {
        channel: "music",
        topic: "What is playing",
        things: &["playlist", "rehearsal room", "old record", "concert ticket", "bass line", "headphones"],
    },
    Theme {
        channel: "travel",
        topic: "Trips, trains, postcards",
        things: &["night train", "packing list", "ferry", "museum pass", "hotel booking", "postcard"],
    },
    Theme {
        channel: "random",
        topic: "Off topic is on topic",
        things: &["cat picture", "crossword", "board game", "lost umbrella", "weather", "coffee mug"],
    },
];

/// Names of groups.
pub(super) const GROUPS: &[&str] = &[
    "Friday lunch",
    "Launch crew",
    "Support rota",
    "Moving day",
    "Surprise party",
    "Reading circle",
    "On call",
    "Garden shift",
    "Sunday ride",
    "Choir practice",
    "Summer trip",
    "Hiring panel",
    "Budget",
    "New here",
];

const DAYS: &[&str] =
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the weekend", "tomorrow", "tonight"];

/// `{thing}`, `{day}`, `{name}` and `{number}` are filled in.
const PATTERNS: &[&str] = &[
    "Has anybody seen the {thing}?",
    "I moved the {thing} to {day}, hope that works for everybody.",
    "@{name} can you have a look at the {thing} before {day}?",
    "Thanks @{name}, the {thing} is so much better now!",
    "Quick question about the {thing}: who decides?",
    "The {thing} again. Third time since {day}. 😅",
    "I can take care of the {thing} on {day}.",
    "+1",
    "Sounds good 👍",
    "Not sure about the {thing}. Could we talk about it on {day}?",
    "Done.",
    "Here is a thought: what if the {thing} was the default?",
    "I counted {number} people who asked about the {thing} this week.",
    "See you on {day} then! 👋",
    "Whoever fixed the {thing}: you made my day. 🎉",
    "Can somebody explain the {thing} to me as if I were five?",
    "It works on my side. Which version of the {thing} do you have?",
    "Reminder: the {thing} is due on {day}.",
    "I wrote {number} lines about the {thing}, nobody will read them, and that is fine.",
    "Let's not decide about the {thing} without @{name}.",
    "Ha, the {thing} strikes back 😂",
    "Ok, so the plan is:\n1. look at the {thing}\n2. sleep on it\n3. tell @{name} on {day}",
    "**Decision:** the {thing} stays as it is until {day}.",
    "Two options for the {thing}:\n- keep it\n- or start over, with @{name}",
    "> the {thing} needs some love\nI agree, who has time on {day}?",
    "I am {number} minutes late, please start with the {thing}.",
    "What a week. How is the {thing} coming along?",
    "I'd rather wait until {day}. The {thing} is not going to run away. 🐢",
    "Found it! The {thing} was behind the printer all along.",
    "Could we have the {thing} in *blue*? Asking for a friend.",
    "On {day} I am away, @{name} knows everything about the {thing}.",
    "Is it just me or is the {thing} faster than last week? 🚀",
];

/// Said as they are.
const SAYINGS: &[&str] = &[
    "صباح الخير جميعًا! من يشرب القهوة معي اليوم؟ ☕",
    "شكرًا جزيلًا، هذا بالضبط ما كنت أبحث عنه.",
    "الاجتماع في الساعة 15:30، لا تنسوا الرابط 😊",
    "おはようございます！今日の天気は最高ですね ☀️",
    "了解です。明日までに確認しておきます。",
    "会議の資料を共有しました。ご意見をお待ちしています 🙇",
    "¿Alguien se apunta a comer a las dos?",
    "Je regarde ça cet après-midi, promis !",
    "Grüße aus dem Zug, das Netz hält überraschend gut durch.",
    "🎂🎉🎈 Happy birthday!! 🥳",
    "👩‍👩‍👧‍👦 + 🐕 + 🏕️ = 🧡",
    "🤷",
    "Try this:\n```rust\nfn main() {\n    let total: u32 = (1..=10).sum();\n    println!(\"{total}\");\n}\n```",
    "This loop is the slow one:\n```python\nfor visit in visits:\n    if visit.name not in seen:\n        seen.append(visit.name)  # a list!\n```\nMake `seen` a set and it flies.",
    "Run `make test` first, then push. If it says `permission denied`, tell me.",
    "```\n$ uptime\n 09:12:44 up 212 days, 3 users, load average: 0.02, 0.05, 0.01\n```\nI don't dare to restart it.",
    "The formula is $a^2 + b^2 = c^2$, not the other way round 😉",
    "Have a look: https://example.com/notes?week=12#summary",
    LONG_NOTES,
    LONG_STORY,
];

const LONG_NOTES: &str = "Notes from today, for those who could not be there.\n\n\
    We started late because the room was locked, and then spent ten minutes on who has the key. Somebody should put a \
    second one into the drawer. After that it went quickly.\n\n\
    1. The old list is gone. If you still have a bookmark, it leads to the new one.\n\
    2. Everybody who wants to come on the trip signs up by Friday. We need a number for the bus, and the bus wants to \
    know early.\n\
    3. The noise in the evening comes from the pump. It will be replaced; until then it is switched off at ten.\n\n\
    Open questions: who waters the plants in August, and where did the second ladder go? Answers here, please, so that \
    everybody can read them later.";

const LONG_STORY: &str = "You will not believe what happened on the way home. I was on the late train, the one that stops \
    everywhere, and a man got on with a cello. Not in a case: just the cello, under his arm, like a loaf of bread. He \
    sat down, looked at his watch, looked at us, and asked whether anybody minded. Nobody did. So he played, quite \
    quietly, for three stations. Then he stood up, said \"thank you for your patience\", and got off. The whole carriage \
    sat there for a moment, and then everybody talked to each other for the rest of the way, strangers, as if we had \
    known each other for years. I missed my stop and walked home for half an hour, and it was the best walk of the month.";

/// Something to say about a theme.
pub(super) fn say(rng: &mut Rng, theme: usize) -> String {
    if rng.below(6) == 0 {
        return (*rng.pick(SAYINGS)).to_owned();
    }
    let thing = rng.pick(THEMES[theme].things);
    let day = *rng.pick(DAYS);
    let name = rng.pick(PEOPLE).username;
    let number = (2 + rng.below(40)).to_string();
    rng.pick(PATTERNS)
        .replace("{thing}", thing)
        .replace("{day}", day)
        .replace("{name}", name)
        .replace("{number}", &number)
}
