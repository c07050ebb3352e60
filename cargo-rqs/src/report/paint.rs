//! Colour for terminals, where it is wanted. It never carries a meaning that the words do not.

/// Whether the output may hold colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text only.
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Like everything else.
    #[default]
    Normal,
    /// A heading.
    Strong,
    /// Bad news.
    Bad,
    /// Good news.
    Good,
    /// Something to be aware of.
    Caution,
    /// Present, but of little interest.
    Quiet,
}

impl Paint {
    /// The text in its tone. It must hold no escape sequences of its own.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Normal => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Bad => "1;31",
            Tone::Good => "32",
            Tone::Caution => "33",
            Tone::Quiet => "2",
        };
        match self {
            Paint::Plain => text.to_owned(),
            Paint::Ansi if text.is_empty() => String::new(),
            Paint::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
