//! Characters that nobody sees. What they are is said here and nowhere else; what becomes of them differs: a name may not
//! have those that turn the text around, a link ends where one could disguise it, a search passes over all of them.

/// Whether it turns the direction of the text around it (Unicode's property `Bidi_Control`).
pub const fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it can make a text look like another one, and no word of any language needs it: what turns the text, spaces
/// without a width, and orders to programs that show text.
pub const fn disguises(c: char) -> bool {
    turns(c) || matches!(c, '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether nothing of it is seen by itself (Unicode's property `Default_Ignorable_Code_Point`): what can disguise, and
/// what words and emoji need, such as joiners and variation selectors. Spaces and control characters are not among them.
pub const fn is_invisible(c: char) -> bool {
    disguises(c)
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200c}'..='\u{200d}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
