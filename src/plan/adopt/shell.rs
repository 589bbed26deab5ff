//! The commands of a shell line (POSIX.1-2017 §2.3), as far as start lines of sidecars go: words,
//! quotes, variables, and commands one after the other. Whatever else a shell knows is refused by
//! its name, for its effect cannot be told.

use std::iter::Peekable;
use std::str::Chars;

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) pieces: Vec<Piece>,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands, without its quotes.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// What only the shell can tell, as it is written: `$(hostname)`.
    Computed(String),
}

/// What the line has that is not read here, as the shell spells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread(pub(super) String);

impl Word {
    /// A word that no shell has seen.
    pub(super) fn literal(text: &str) -> Self {
        Self { pieces: vec![Piece::Text(text.to_owned())] }
    }

    /// The word without what `rest` leaves out of its first text.
    pub(super) fn after(&self, rest: impl Fn(&str) -> Option<&str>) -> Self {
        let mut pieces = self.pieces.clone();
        if let Some(Piece::Text(text)) = pieces.first_mut() {
            *text = rest(text).unwrap_or_default().to_owned();
        }
        Self { pieces }
    }

    fn push(&mut self, c: char) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(c);
        } else {
            self.pieces.push(Piece::Text(c.to_string()));
        }
    }
}

/// The commands of a line, each as its words. `;`, `&&`, `||` and line ends count alike: what
/// may run is what the line is about.
pub(super) fn commands(line: &str) -> Result<Vec<Vec<Word>>, Unread> {
    let mut lexer = Lexer { rest: line.chars().peekable(), word: None, words: Vec::new() };
    let mut commands = Vec::new();
    loop {
        let ended = lexer.command()?;
        if !lexer.words.is_empty() {
            commands.push(std::mem::take(&mut lexer.words));
        }
        if ended == End::Line {
            return Ok(commands);
        }
    }
}

/// What a command ended with.
#[derive(PartialEq, Eq)]
enum End {
    Command,
    Line,
}

struct Lexer<'l> {
    rest: Peekable<Chars<'l>>,
    word: Option<Word>,
    words: Vec<Word>,
}

impl Lexer<'_> {
    /// Reads up to the end of a command.
    fn command(&mut self) -> Result<End, Unread> {
        while let Some(c) = self.rest.next() {
            match c {
                ' ' | '\t' => self.end_word(),
                '\n' | ';' => return Ok(self.end(End::Command)),
                '&' | '|' if self.rest.next_if_eq(&c).is_some() => {
                    return Ok(self.end(End::Command));
                }
                '&' | '|' | '<' | '>' | '(' | ')' => return Err(Unread(c.to_string())),
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '\\' => self.escaped(|_| true),
                '$' | '`' => self.expansion(c)?,
                c => self.word().push(c),
            }
        }
        Ok(self.end(End::Line))
    }

    fn end(&mut self, end: End) -> End {
        self.end_word();
        end
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn word(&mut self) -> &mut Word {
        self.word.get_or_insert_default()
    }

    fn single_quoted(&mut self) -> Result<(), Unread> {
        let text = self.up_to('\'')?;
        text.chars().for_each(|c| self.word().push(c));
        self.word();
        Ok(())
    }

    fn double_quoted(&mut self) -> Result<(), Unread> {
        self.word();
        loop {
            match self.rest.next().ok_or_else(|| Unread("\"".to_owned()))? {
                '"' => return Ok(()),
                '\\' => self.escaped(|c| "$`\"\\\n".contains(c)),
                c @ ('$' | '`') => self.expansion(c)?,
                c => self.word().push(c),
            }
        }
    }

    /// After a backslash, which stands for itself before anything that it does not quote.
    fn escaped(&mut self, quotes: impl Fn(char) -> bool) {
        match self.rest.peek().copied() {
            Some(c) if quotes(c) => {
                self.rest.next();
                if c != '\n' {
                    self.word().push(c);
                }
            }
            _ => self.word().push('\\'),
        }
    }

    /// After `$` or a backquote.
    fn expansion(&mut self, mark: char) -> Result<(), Unread> {
        let piece = match (mark, self.rest.peek().copied()) {
            ('`', _) => Piece::Computed(format!("`{}`", self.up_to('`')?)),
            (_, Some('(')) => Piece::Computed(format!("${}", self.parenthesised()?)),
            (_, Some('{')) => {
                self.rest.next();
                let inner = self.up_to('}')?;
                if is_name(&inner) {
                    Piece::Variable(inner)
                } else {
                    Piece::Computed(format!("${{{inner}}}"))
                }
            }
            (_, Some(c)) if is_name(c.encode_utf8(&mut [0; 4])) => Piece::Variable(self.name()),
            (_, Some(c)) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.rest.next();
                Piece::Computed(format!("${c}"))
            }
            _ => Piece::Text(mark.to_string()),
        };
        self.word().pieces.push(piece);
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
        }
        name
    }

    fn up_to(&mut self, end: char) -> Result<String, Unread> {
        let mut text = String::new();
        loop {
            match self.rest.next().ok_or_else(|| Unread(end.to_string()))? {
                c if c == end => return Ok(text),
                c => text.push(c),
            }
        }
    }

    /// From `(` to the `)` that belongs to it.
    fn parenthesised(&mut self) -> Result<String, Unread> {
        let mut text = String::new();
        let mut depth = 0;
        loop {
            let c = self.rest.next().ok_or_else(|| Unread("(".to_owned()))?;
            text.push(c);
            match c {
                '(' => depth += 1,
                ')' if depth == 1 => return Ok(text),
                ')' => depth -= 1,
                _ => {}
            }
        }
    }
}

/// A name of a variable (POSIX.1-2017 §3.235).
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(name) => format!("<{name}>"),
            Piece::Computed(text) => format!("<{text}>"),
        };
        let word = |word: &Word| word.pieces.iter().map(piece).collect::<String>();
        let command = |words: &Vec<Word>| words.iter().map(word).collect::<Vec<_>>().join(" | ");
        commands(line).unwrap().iter().map(command).collect()
    }

    #[test]
    fn quotes_keep_a_word_together() {
        assert_eq!(shown(r#"a 'b c' "d \"e\"" f\ g ''"#), [r#"a | b c | d "e" | f g | "#]);
    }

    #[test]
    fn commands_follow_each_other() {
        assert_eq!(shown("a b; c && d || e\nf # g; h"), ["a | b", "c", "d", "e", "f"]);
    }

    #[test]
    fn a_backslash_joins_lines() {
        assert_eq!(shown("a \\\n b"), ["a | b"]);
    }

    #[test]
    fn variables_are_told_from_what_only_the_shell_knows() {
        assert_eq!(shown(r#"$A-${B_1}"$C"'$D'"#), ["<A>-<B_1><C>$D"]);
        assert_eq!(
            shown("$(id (x)) `id` ${A:-b} $? a$"),
            ["<$(id (x))> | <`id`> | <${A:-b}> | <$?> | a$"]
        );
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (line, name) in
            [("a | b", "|"), ("a &", "&"), ("a > b", ">"), ("(a)", "("), ("'a", "'")]
        {
            assert_eq!(commands(line), Err(Unread(name.to_owned())), "{line}");
        }
    }
}
