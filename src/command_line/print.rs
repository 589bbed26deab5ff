//! Standard output, which is the result and nothing else.

use std::io::{self, Write};

use super::Failure;

/// Prints a result as it is.
///
/// # Errors
/// Standard output takes no more.
pub fn print(result: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(result)?;
    Ok(out.flush()?)
}
