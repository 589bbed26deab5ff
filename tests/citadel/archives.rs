//! Archives that others made, by mistake or by malice: `inspect` and `verify` refuse what must not
//! be unpacked, and are done with it in bounded memory.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::scratch::Scratch;

/// An entry of an archive.
struct Entry {
    name: &'static str,
    kind: EntryType,
    content: Vec<u8>,
}

fn file(name: &'static str, content: impl Into<Vec<u8>>) -> Entry {
    Entry { name, kind: EntryType::Regular, content: content.into() }
}

/// An entry that is no file, and leads to `/etc/passwd` if it is a link.
fn other(name: &'static str, kind: EntryType) -> Entry {
    Entry { name, kind, content: Vec::new() }
}

/// The archive of these entries. Their names are written as they are, though no good program
/// would.
fn tgz(entries: &[Entry]) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.set_entry_type(entry.kind);
        header.set_mode(0o644);
        header.set_size(entry.content.len() as u64);
        if matches!(entry.kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name_literal("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, &entry.content[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// The files of a good bundle, and those of one whose archive holds more.
fn with(more: Vec<Entry>) -> Vec<u8> {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    let bundle = scratch.bundle("x.tgz");
    let mut entries = vec![
        file("certs/root-cert.pem", bundle.root_cert.clone()),
        file("certs/cert-chain.pem", bundle.cert_chain.clone()),
        file("certs/key.pem", bundle.key.to_vec()),
    ];
    entries.extend(more);
    tgz(&entries)
}

/// Expects that neither command takes an archive, and that both say why.
fn is_refused(archive: &[u8], words: &str) {
    let scratch = Scratch::new().file("x.tgz", archive);
    for command in ["inspect", "verify"] {
        let told = scratch.citadel(command).arg("x.tgz").refused();
        told.says(&format!("error: x.tgz {words}"));
    }
}

#[test]
fn an_archive_that_another_program_made_is_taken_with_what_else_is_in_it() {
    let more = vec![file("./README", "read me"), other("certs", EntryType::Directory)];
    let scratch = Scratch::new().file("x.tgz", with(more));
    scratch.citadel("verify x.tgz").done();
    scratch.citadel("inspect x.tgz").done().shows("x.tgz: a bundle");
}

#[test]
fn a_name_that_leads_out_of_it_is_refused() {
    for name in ["../key.pem", "certs/../../key.pem", "certs/..", ".."] {
        is_refused(&with(vec![file(name, "x")]), &format!("holds {name:?}, which would be"));
    }
}

#[test]
fn an_absolute_name_is_refused() {
    let archive = with(vec![file("/etc/certs/key.pem", "x")]);
    is_refused(&archive, "holds \"/etc/certs/key.pem\", which would be unpacked elsewhere");
}

#[test]
fn links_and_devices_are_refused() {
    for kind in
        [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo]
    {
        for name in ["certs/key.pem", "elsewhere"] {
            let words = format!("holds {name:?}, which is neither a file nor a directory");
            is_refused(&tgz(&[other(name, kind)]), &words);
        }
    }
}

#[test]
fn a_file_that_is_there_twice_is_refused() {
    is_refused(&with(vec![file("./certs/key.pem", "x")]), "holds \"./certs/key.pem\" twice");
}

#[test]
fn an_archive_that_lacks_a_file_is_refused() {
    is_refused(&tgz(&[]), "holds no certs/root-cert.pem");
    is_refused(&tgz(&[file("certs/root-cert.pem", "x")]), "holds no certs/cert-chain.pem");
    is_refused(&tgz(&[file("key.pem", "x"), file("a/certs/key.pem", "x")]), "holds no certs/");
}

/// Twice as much as is allowed, in a thousandth of it.
#[test]
fn a_small_archive_that_unpacks_to_much_is_refused() {
    let much = vec![0; 8 << 20];
    for name in ["certs/key.pem", "elsewhere"] {
        let bomb = tgz(&[file(name, much.clone())]);
        assert!(bomb.len() < much.len() / 100, "{}", bomb.len());
        is_refused(&bomb, "unpacks to more than 4 MiB");
    }
}

#[test]
fn a_file_that_is_much_itself_is_refused() {
    let scratch = Scratch::new().file("x.tgz", vec![0x1f; (4 << 20) + 1]);
    for command in ["inspect", "verify"] {
        let told = scratch.citadel(command).arg("x.tgz").refused();
        told.says("x.tgz is larger than 1048576 bytes");
    }
}

#[test]
fn an_archive_that_is_cut_off_is_refused_wherever_it_is() {
    let archive = with(Vec::new());
    for length in [2, 9, 10, 100, archive.len() / 2, archive.len() - 8, archive.len() - 1] {
        is_refused(&archive[..length], "is no gzipped tar archive that can be read: ");
    }
}

#[test]
fn an_archive_whose_checksum_is_wrong_is_refused() {
    let mut archive = with(Vec::new());
    let sum = archive.len() - 8;
    archive[sum] ^= 1;
    is_refused(&archive, "is no gzipped tar archive that can be read: ");
}

/// Whoever unpacks it would find the rest of the archive there.
#[test]
fn an_archive_in_two_parts_is_read_to_its_end() {
    let mut parts = Vec::new();
    let mut tar = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&with(Vec::new())[..]), &mut tar).unwrap();
    for part in [&tar[..512], &tar[512..]] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(part).unwrap();
        parts.extend(gzip.finish().unwrap());
    }
    let scratch = Scratch::new().file("x.tgz", parts);
    scratch.citadel("verify x.tgz").done();
}

#[test]
fn what_is_gzipped_but_no_archive_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&[b'x'; 2048]).unwrap();
    is_refused(&gzip.finish().unwrap(), "is no gzipped tar archive that can be read: ");
}
