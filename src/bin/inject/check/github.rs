//! The result as workflow commands, which GitHub's runners turn into annotations of the files
//! (GitHub, "Workflow commands for GitHub Actions").

use std::fmt::Write;

use marathon_inject::document::Severity;

use super::results::{Finding, Pages, Results};

pub(super) fn text(results: &Results) -> String {
    let pages = results.pages();
    results.list().map(|finding| command(finding, &pages) + "\n").collect()
}

fn command(finding: &Finding, pages: &Pages) -> String {
    let name = match finding.severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut text = format!("::{name} file={}", property(finding.path().as_str()));
    if let Some(place) = finding.place {
        let (start, end) = (place.start, place.end);
        let _ = write!(text, ",line={},col={},endLine={}", start.line, start.column, end.line);
        // Columns are heeded only of what is on one line.
        if start.line == end.line {
            let _ = write!(text, ",endColumn={}", end.column);
        }
    }
    let title = match pages[finding.code] {
        Some(page) => format!("{}: {}", finding.code, page.title),
        None => finding.code.to_owned(),
    };
    let _ = write!(text, ",title={}::{}", property(&title), data(&message(finding)));
    text
}

fn message(finding: &Finding) -> String {
    match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    }
}

/// A message: what would end the command is spelt out.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what would end it, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_command() {
        assert_eq!(data("100%\r\na, b: c"), "100%25%0D%0Aa, b: c");
        assert_eq!(property("a,b:c%0A\n::error::x"), "a%2Cb%3Ac%250A%0A%3A%3Aerror%3A%3Ax");
    }
}
