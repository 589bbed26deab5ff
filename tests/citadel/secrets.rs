//! No command says a key: neither one that it made, nor one that it read, nor one that it destroyed.

use marathon_inject::bundle::read_archive;

use crate::help::every_command;
use crate::scratch::{Scratch, Snapshot};

/// Lines shorter than this may be in an output by chance.
const LONG_ENOUGH: usize = 40;

const PRIVATE: &str = "PRIVATE KEY-----";

/// The lines of base64 of private keys.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of all keys in a directory, in files and in archives.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let (mut secret, mut public) = (Vec::new(), String::new());
        for (_, content) in snapshot.values() {
            let bundle = read_archive(content).map(|it| [it.cert_chain, it.key.to_vec()].concat());
            let text = String::from_utf8(bundle.unwrap_or_else(|_| content.clone()));
            let mut of_key = false;
            for line in text.iter().flat_map(|text| text.lines()) {
                match line {
                    line if line.starts_with("-----BEGIN") => of_key = line.ends_with(PRIVATE),
                    line if of_key && line.len() >= LONG_ENOUGH => secret.push(line.to_owned()),
                    line => public.extend([line, "\n"]),
                }
            }
        }
        // A private key has its public half behind it, which is in the certificate too.
        secret.retain(|line| !public.contains(line));
        Self(secret)
    }

    pub(crate) fn assert_not_in(&self, output: &[u8]) {
        let output = String::from_utf8_lossy(output);
        assert!(!self.0.iter().any(|line| output.contains(line)), "a key is in the output");
    }
}

#[test]
#[should_panic(expected = "a key is in the output")]
fn these_tests_notice_a_key_in_a_file_that_is_said() {
    let scratch = Scratch::with_ca();
    scratch.run("cat").arg(format!("{}/ca-key.pem", scratch.active("ca"))).told();
}

#[test]
#[should_panic(expected = "a key is in the output")]
fn these_tests_notice_a_key_in_an_archive_that_is_said() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.run("sh").arg("-c").arg("gunzip -c x.tgz >&2").told();
}

#[test]
#[should_panic(expected = "a key is in the output")]
fn these_tests_notice_a_key_that_is_said_and_destroyed() {
    let scratch = Scratch::with_ca();
    let script = format!("cat {}/ca-key.pem; rm -r ca", scratch.active("ca"));
    scratch.run("sh").arg("-c").arg(script).told();
}

/// What is an argument, all users of the computer can read.
#[test]
fn no_flag_takes_a_key_only_its_file_or_its_kind() {
    let flags: Vec<String> = every_command()
        .iter()
        .flat_map(|help| help.lines())
        .filter_map(|line| line.trim_start().strip_prefix("--"))
        .map(|flag| flag.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .filter(|flag| flag.contains('<') && flag.to_lowercase().contains("key"))
        .collect();
    assert!(flags.contains(&"signing-key <FILE>".to_owned()), "{flags:?}");
    for flag in flags {
        assert!(flag.ends_with(" <FILE>") || flag.ends_with(" <KIND>"), "{flag}");
    }
}
