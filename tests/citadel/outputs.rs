//! Where `citadel bundle` puts a bundle: an archive, a directory, standard output.

use std::fs;

use marathon_inject::bundle::read_archive;

use crate::marathon::pods;
use crate::scratch::{CITADEL, Scratch, there_is};

const FILES: [&str; 3] = ["cert-chain.pem", "key.pem", "root-cert.pem"];

#[test]
fn tar_finds_the_three_files_the_key_last_and_all_of_them_roots() {
    if !there_is("tar", "how it lists an archive") {
        return;
    }
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let listed = scratch.run("tar").args("--numeric-owner -tzvf x.tgz").done().out();
    let columns: Vec<Vec<_>> =
        listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let columns: Vec<_> = columns.iter().map(|line| [line[0], line[1], line[5]]).collect();
    assert_eq!(
        columns,
        [
            ["drwxr-xr-x", "0/0", "certs/"],
            ["-rw-r--r--", "0/0", "certs/root-cert.pem"],
            ["-rw-r--r--", "0/0", "certs/cert-chain.pem"],
            ["-rw-------", "0/0", "certs/key.pem"],
        ]
    );
}

#[test]
fn what_tar_unpacks_is_a_good_bundle() {
    if !there_is("tar", "what it unpacks") {
        return;
    }
    let scratch = Scratch::with_ca().directory("sandbox");
    scratch.citadel("bundle -o x.tgz").done();
    scratch.run("tar").args("-xzf x.tgz -C sandbox").done();
    assert_eq!(scratch.names("sandbox/certs"), FILES);
    assert_eq!(scratch.mode("sandbox/certs/key.pem"), 0o600);
    scratch.citadel("verify sandbox").done();
}

#[test]
fn gunzip_finds_the_archive_whole() {
    if !there_is("gunzip", "how it reads an archive") {
        return;
    }
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.run("gunzip").args("--test --verbose x.tgz").done().says("OK");
}

#[test]
fn only_its_owner_can_read_an_archive_whatever_the_umask_is() {
    let scratch = Scratch::with_ca();
    for line in ["bundle -o x.tgz", "bundle -o x.tar.gz"] {
        scratch.citadel_after("umask 000", line).done();
    }
    assert_eq!([scratch.mode("x.tgz"), scratch.mode("x.tar.gz")], [0o600; 2]);
    assert_eq!(scratch.bundle("x.tar.gz").files().len(), FILES.len());
}

#[test]
fn an_archive_replaces_the_one_before_and_leaves_nothing_beside_it() {
    let scratch = Scratch::with_ca().directory("out").file("out/x.tgz", "old");
    scratch.chmod("out/x.tgz", 0o644);
    scratch.citadel("bundle -o out/x.tgz").done();
    assert_eq!(scratch.names("out"), ["x.tgz"]);
    assert_eq!(scratch.mode("out/x.tgz"), 0o600);
    scratch.citadel("verify out/x.tgz").done();
}

#[test]
fn a_directory_is_made_and_gets_the_files_below_certs() {
    let scratch = Scratch::with_ca();
    for umask in ["000", "077"] {
        let prelude = format!("umask {umask}");
        scratch.citadel_after(&prelude, &format!("bundle -o out{umask}")).done();
        let certs = format!("out{umask}/certs");
        assert_eq!(scratch.mode(&format!("out{umask}")) & 0o022, 0);
        assert_eq!(scratch.names(&certs), FILES);
        assert_eq!(scratch.mode(&certs), 0o755);
        let modes = FILES.map(|file| scratch.mode(&format!("{certs}/{file}")));
        assert_eq!(modes, [0o644, 0o600, 0o644]);
    }
}

#[test]
fn a_directory_that_is_there_keeps_its_other_files() {
    let scratch = Scratch::with_ca().file("out/notes.txt", "mine");
    scratch.chmod("out", 0o711);
    scratch.citadel("bundle -o out").done();
    assert_eq!(scratch.read("out/notes.txt"), b"mine");
    assert_eq!(scratch.mode("out"), 0o711);
    scratch.citadel("verify out").done();
}

#[test]
fn a_second_run_replaces_the_files_of_a_directory() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o out").done();
    let first = scratch.read("out/certs/key.pem");
    scratch.citadel("bundle -o out").done();
    assert!(scratch.read("out/certs/key.pem") != first, "the key is the old one");
    assert_eq!(scratch.names("out").len(), FILES.len() + 1);
    scratch.citadel("verify out").done();
}

#[test]
fn a_foreign_file_among_the_certs_is_kept() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o out").done();
    scratch.write("out/certs/notes.txt", "mine");
    let told = scratch.citadel("bundle -o out").refused();
    told.says("out/certs/notes.txt is none of a bundle's files; it would be lost");
}

#[test]
fn a_dash_is_standard_output() {
    let scratch = Scratch::with_ca();
    let told = scratch.citadel("bundle -o -").done();
    let bundle = read_archive(&told.bytes).unwrap();
    assert_eq!(bundle.files().len(), FILES.len());
    assert!(scratch.names("").iter().all(|name| name.starts_with("ca/")));
}

#[test]
fn a_key_is_not_written_to_a_terminal() {
    if !there_is("script", "what citadel does at a terminal") {
        return;
    }
    let scratch = Scratch::with_ca();
    let before = scratch.snapshot("");
    let command = format!("{CITADEL} bundle -o -");
    let run = scratch.run("script").args("--quiet --return --command").arg(command);
    run.arg("/dev/null").ends(2).shows("a private key does not belong on a terminal");
    assert!(scratch.snapshot("") == before, "something was written");
}

#[test]
fn other_archives_are_refused() {
    let scratch = Scratch::with_ca();
    for name in ["x.zip", "x.tar", "x.tbz2", "x.txz", "x.bz2", "x.xz"] {
        let told = scratch.citadel("bundle -o").arg(name).refused();
        told.says(&format!("{name}: archives are made as .tgz or .tar.gz"));
    }
}

#[test]
fn an_output_is_needed() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle").refused().says("--output <FILE|DIR|->");
    let words = "the name after --output is empty";
    scratch.citadel("bundle -o").arg("").refused().says(words);
    let run = scratch.citadel("bundle -o").arg("").arg("--marathon").arg(pods());
    run.refused().says(words);
}

#[test]
fn a_place_in_the_directory_of_the_ca_is_refused() {
    let scratch = Scratch::with_ca().directory("sub");
    std::os::unix::fs::symlink("../ca", scratch.path("sub/link")).unwrap();
    let dir = scratch.path("ca").to_str().unwrap().to_owned();
    let out = ["ca", "ca/x.tgz", "ca/new", "sub/../ca/x.tgz", "sub/link", "sub/link/x.tgz", &dir];
    for output in out {
        let told = scratch.citadel("bundle -o").arg(output).refused();
        told.says(&format!("error: {output}")).says(" is in the directory of the CA");
    }
    for output in ["ca", "ca/new", "sub/link"] {
        let run = scratch.citadel("bundle -o").arg(output).arg("--marathon").arg(pods());
        run.refused().says(" is in the directory of the CA");
    }
    scratch.citadel_after("cd ca", "bundle --dir . -o x.tgz").refused().says("of the CA");
    scratch.citadel("bundle -o ca-bundles").done();
}

#[test]
fn a_namespace_that_has_the_name_of_the_ca_does_not_get_into_it() {
    let scratch = Scratch::with_ca();
    let run = scratch.citadel("bundle -o . --namespace ca --marathon").arg(pods());
    run.refused().says("./ca/default/bundle-certs.tgz is in the directory of the CA");
}

#[test]
fn a_place_in_no_directory_is_refused() {
    let scratch = Scratch::with_ca();
    for name in ["no/x.tgz", "no/where/out"] {
        scratch.citadel("bundle -o").arg(name).refused().says(&format!("error: {name}"));
    }
}

#[test]
fn a_place_below_or_over_a_file_is_refused() {
    let scratch = Scratch::with_ca().file("file", "mine").file("out/certs", "mine");
    for name in ["file/x.tgz", "file/out", "file", "out"] {
        scratch.citadel("bundle -o").arg(name).refused().says(&format!("error: {name}"));
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused() {
    if rustix::process::geteuid().is_root() {
        // To root no place is closed but those that the system makes up.
        let scratch = Scratch::with_ca();
        for name in ["/proc/x.tgz", "/proc/out"] {
            let told = scratch.citadel("bundle -o").arg(name).refused().says(name);
            assert!(!told.err.contains("/."), "a temporary name is told: {}", told.err);
        }
        return;
    }
    let scratch = Scratch::with_ca().directory("closed");
    scratch.chmod("closed", 0o500);
    for name in ["closed/x.tgz", "closed/out", "closed"] {
        let told = scratch.citadel("bundle -o").arg(name).refused();
        let told = told.says(&format!("error: {name}")).says("Permission denied");
        assert!(!told.err.contains("/."), "a temporary name is told: {}", told.err);
    }
}

#[test]
fn a_ca_that_cannot_be_written_to_gives_nothing() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::with_ca();
    scratch.chmod("ca", 0o500);
    for line in ["bundle -o x.tgz", "bundle -o out", "bundle -o -", "rotate-root prepare"] {
        scratch.citadel(line).refused().says("Permission denied");
    }
    scratch.chmod("ca", 0o700);
}

#[test]
fn a_link_in_the_place_of_an_archive_is_replaced_and_not_followed() {
    let scratch = Scratch::with_ca().file("elsewhere", "mine");
    std::os::unix::fs::symlink("elsewhere", scratch.path("x.tgz")).unwrap();
    scratch.citadel("bundle -o x.tgz").done();
    assert_eq!(scratch.read("elsewhere"), b"mine");
    assert!(!fs::symlink_metadata(scratch.path("x.tgz")).unwrap().is_symlink());
}
