//! Names that others chose are shown so that they can do nothing to the terminal.

use crate::marathon::pod;
use crate::scratch::Scratch;

const NAME: &str = "p\u{1b}]0;x\u{7}\u{202e}\n";
const SHOWN: &str = "p\\u{1b}]0;x\\u{7}\\u{202e}\\n";

/// Expects that this line with the name behind it says the name, and how.
fn shows(scratch: &Scratch, line: &str, ending: &str) {
    let name = format!("{NAME}{ending}");
    let told = scratch.citadel(&format!("--color always {line}")).arg(name).told();
    let all = format!("{}{}", told.out(), told.err);
    assert!(!all.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{line}: {all:?}");
    assert!(all.contains(&format!("{SHOWN}{ending}")), "{line}: {all:?}");
}

#[test]
fn the_name_of_a_file_says_nothing_to_the_terminal() {
    let scratch = Scratch::with_ca();
    shows(&scratch, "inspect", "");
    shows(&scratch, "bundle -o x.tgz --dir", "");
    shows(&scratch, "bundle -o out --marathon", "");
    shows(&scratch, "bundle -o", ".zip");
    shows(&scratch, "bundle -o", "");
    shows(&scratch, "inspect", "");
    shows(&scratch, "verify", "");
    shows(&scratch, "verify --identity spiffe://cluster.local/ns/a/sa/b", "");
    scratch.write(
        &format!("{NAME}.pem"),
        scratch.read(&format!("{}/ca-key.pem", scratch.active("ca"))),
    );
    shows(&scratch, "inspect", ".pem");
    shows(&scratch, "verify", ".pem");
    scratch.write(&format!("{NAME}.json"), pod("/a", "a"));
    shows(&scratch, "bundle -o", ".tgz");
    let telling = scratch.citadel("bundle -o out --marathon").arg(format!("{NAME}.json")).done();
    assert!(telling.err.contains("/a/bundle-certs.tgz"), "{}", telling.err);
}

#[test]
fn the_id_of_a_pod_says_nothing_to_the_terminal() {
    let scratch = Scratch::with_ca();
    let app = |id: &str| serde_json::json!({ "id": id, "cmd": "true" }).to_string();
    scratch.write("apps.json", format!("[{}, {}]", app("/a\u{1b}[31m\u{202e}"), pod("/a", "a")));
    let told = scratch.citadel("--color always bundle -o out --marathon apps.json").done();
    assert!(!told.err.contains(['\u{1b}', '\u{202e}']), "{:?}", told.err);
    told.says("/a\\u{1b}[31m\\u{202e} ");
}
