//! `--explain`: what is written about a code.

use marathon_inject::check::{nearest, page};
use marathon_inject::command_line::{Failure, print};

pub(super) fn print_page(code: &str) -> Result<(), Failure> {
    let page = page(code).ok_or_else(|| {
        let hint = match nearest(code) {
            Some(near) => format!("did you mean {} ({})?", near.code, near.title),
            None => "a code is a letter and two digits, as I02; docs/checks.md has all".to_owned(),
        };
        Failure::input(format!("there is no code {code}")).hint(hint)
    })?;
    print(format!("{} {}\n\n{}\n", page.code, page.title, page.text).as_bytes())
}
