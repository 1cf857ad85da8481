//! Tells code, comments and string literals of Rust source apart, so that a check sees only what it means.

/// What a piece of source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Text,
}

/// The source without its comments and string literals; each line stays on its line.
pub(crate) fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    for (kind, piece) in pieces(source) {
        match kind {
            Kind::Code => code.push_str(piece),
            Kind::Comment | Kind::Text => code.extend(piece.chars().filter(|char| *char == '\n')),
        }
    }
    code
}

/// The string literals, each with the line on which it begins.
pub(crate) fn literals(source: &str) -> Vec<(usize, &str)> {
    let mut line = 1;
    let mut literals = Vec::new();
    for (kind, piece) in pieces(source) {
        if kind == Kind::Text {
            literals.push((line, piece));
        }
        line += piece.matches('\n').count();
    }
    literals
}

fn pieces(source: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < source.len() {
        let (kind, length) = piece(&source[at..], source[..at].chars().next_back());
        if kind != Kind::Code {
            pieces.push((Kind::Code, &source[start..at]));
            pieces.push((kind, &source[at..at + length]));
            start = at + length;
        }
        at += length;
    }
    pieces.push((Kind::Code, &source[start..]));
    pieces
}

/// What begins here, and how many bytes of it there are at least.
fn piece(rest: &str, before: Option<char>) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if rest.starts_with('"') {
        return (Kind::Text, quoted(rest, '"'));
    }
    // r"", br"" and cr"", but not the end of a name such as `for`.
    if rest.starts_with('r') && before.is_none_or(|before| !before.is_alphanumeric() || "bc".contains(before))
    {
        let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            let length = rest[body..].find(&end).map_or(rest.len(), |found| body + found + end.len());
            return (Kind::Text, length);
        }
    }
    if let Some(inside) = rest.strip_prefix('\'') {
        // A lifetime has no closing quote; a character has exactly one character or an escape before it.
        let is_char = inside.starts_with('\\') || inside.chars().nth(1) == Some('\'');
        return (Kind::Code, if is_char { quoted(rest, '\'') } else { 1 });
    }
    (Kind::Code, rest.chars().next().map_or(1, char::len_utf8))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == quote => return at + char.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_not_code() {
        let source = "let a = \"x // \\\" y\"; // b\nlet /* /* c */ */ d = r#\"e \" f\"#;\n";
        assert_eq!(code(source), "let a = ; \nlet  d = ;\n");
        assert_eq!(literals(source), [(1, "\"x // \\\" y\""), (2, "r#\"e \" f\"#")]);
    }

    #[test]
    fn a_quote_is_a_character_or_a_lifetime() {
        let source = "fn f<'a>(x: &'a str) { x.split('\"').chain('\\''); } // g";
        assert_eq!(code(source), "fn f<'a>(x: &'a str) { x.split('\"').chain('\\''); } ");
    }

    #[test]
    fn a_name_that_ends_in_r_does_not_open_a_raw_string() {
        assert_eq!(literals("br\"a\" ; for\"b\""), [(1, "r\"a\""), (1, "\"b\"")]);
    }
}
