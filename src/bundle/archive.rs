//! A bundle as an archive, `certs/` with its three files, gzipped: what the Mesos fetcher unpacks
//! in the sandbox of `istio-init`. The same bundle always gives the same bytes.

use std::io::{Read, Write};
use std::path::Component;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use tar::{Archive, Builder, Entry, EntryType, Header};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::identity::x509::{Bundle, CERT_CHAIN, KEY, ROOT_CERT};

/// The directory that holds a bundle's files, in an archive as on disk.
pub const CERTS: &str = "certs";

/// More than any bundle unpacks to.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why an archive is no bundle's.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No gzipped tar, or a broken one.
    #[error("is no gzipped tar archive that can be read: {0}")]
    Broken(std::io::Error),
    /// A way out of where it is unpacked.
    #[error("holds {0:?}, which would be unpacked elsewhere")]
    Outside(String),
    /// A link or a device.
    #[error("holds {0:?}, which is neither a file nor a directory")]
    NoFile(String),
    /// The same file again.
    #[error("holds {0:?} twice")]
    Twice(String),
    /// More than a bundle could be.
    #[error("unpacks to more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// One of the three files is not there.
    #[error("holds no {CERTS}/{0}")]
    Missing(&'static str),
}

/// The archive of a bundle. Its files bear the time `mtime`; that of the leaf's first moment makes
/// the archive a function of the bundle alone.
///
/// # Panics
/// Memory cannot be written to.
pub fn write_archive(bundle: &Bundle, mtime: OffsetDateTime) -> Zeroizing<Vec<u8>> {
    let archive = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
    // Room for all of it at once: a buffer that grows leaves copies of itself behind.
    let buffer = Zeroizing::new(Vec::with_capacity(256 * 1024));
    let mut tar = Builder::new(archive.write(Wiped(buffer), Compression::best()));
    let mtime = u64::try_from(mtime.unix_timestamp()).unwrap_or_default();
    let memory = "a buffer takes what is written";
    append(&mut tar, &format!("{CERTS}/"), EntryType::Directory, 0o755, &[], mtime).expect(memory);
    for (name, content, mode) in bundle.files() {
        let path = format!("{CERTS}/{name}");
        append(&mut tar, &path, EntryType::Regular, mode, content, mtime).expect(memory);
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect(memory).0
}

/// RFC 1952 §2.3.1: no system in particular.
const UNKNOWN_SYSTEM: u8 = 255;

/// A buffer that is wiped, to write to.
struct Wiped(Zeroizing<Vec<u8>>);

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn append(
    tar: &mut Builder<impl Write>,
    path: &str,
    kind: EntryType,
    mode: u32,
    content: &[u8],
    mtime: u64,
) -> std::io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(mtime);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content)
}

/// Reads the bundle of an archive. Other files beside the three are passed over.
///
/// # Errors
/// The archive cannot be read, holds what must not be unpacked, or lacks one of the files.
pub fn read_archive(archive: &[u8]) -> Result<Bundle, ArchiveError> {
    let mut found = Found::default();
    let unpacked = MultiGzDecoder::new(archive).take(MAX_BYTES + 1);
    let mut tar = Archive::new(unpacked);
    let taken = take_all(&mut tar, &mut found);
    // To the end: the checksum stands there, and whoever unpacks the archive checks it.
    let mut rest = tar.into_inner();
    let read = std::io::copy(&mut rest, &mut std::io::sink());
    if rest.limit() == 0 {
        return Err(ArchiveError::TooLarge);
    }
    taken?;
    read.map_err(ArchiveError::Broken)?;
    let [root_cert, cert_chain, key] = found.0;
    Ok(Bundle {
        root_cert: root_cert.ok_or(ArchiveError::Missing(ROOT_CERT))?.to_vec(),
        cert_chain: cert_chain.ok_or(ArchiveError::Missing(CERT_CHAIN))?.to_vec(),
        key: key.ok_or(ArchiveError::Missing(KEY))?,
    })
}

fn take_all(tar: &mut Archive<impl Read>, found: &mut Found) -> Result<(), ArchiveError> {
    for entry in tar.entries().map_err(ArchiveError::Broken)? {
        found.take(entry.map_err(ArchiveError::Broken)?)?;
    }
    Ok(())
}

/// The three files, as far as they were found.
#[derive(Default)]
struct Found([Option<Zeroizing<Vec<u8>>>; 3]);

impl Found {
    const NAMES: [&str; 3] = [ROOT_CERT, CERT_CHAIN, KEY];

    fn take(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), ArchiveError> {
        let path = entry.path().map_err(ArchiveError::Broken)?.into_owned();
        let name = path.display().to_string();
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::Normal(part) => parts.push(part.to_owned()),
                _ => return Err(ArchiveError::Outside(name)),
            }
        }
        match entry.header().entry_type() {
            EntryType::Regular => {}
            EntryType::Directory | EntryType::XGlobalHeader => return Ok(()),
            _ => return Err(ArchiveError::NoFile(name)),
        }
        let [directory, file] = &parts[..] else { return Ok(()) };
        let known = Self::NAMES.iter().position(|known| directory == CERTS && file == known);
        let Some(known) = known else { return Ok(()) };
        let mut content = Zeroizing::new(Vec::with_capacity(64 * 1024));
        entry.read_to_end(&mut content).map_err(ArchiveError::Broken)?;
        match self.0[known].replace(content) {
            None => Ok(()),
            Some(_) => Err(ArchiveError::Twice(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const MTIME: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);

    fn bundle() -> Bundle {
        let file = |text: &str| text.as_bytes().to_vec();
        Bundle { root_cert: file("root"), cert_chain: file("chain"), key: file("key").into() }
    }

    /// An archive of entries with any name, as nobody's tar would write them.
    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = Builder::new(GzBuilder::new().write(Vec::new(), Compression::fast()));
        for (path, kind, content) in entries {
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn refusal(entries: &[(&str, EntryType, &[u8])]) -> String {
        read_archive(&archive(entries)).unwrap_err().to_string()
    }

    #[test]
    fn a_bundle_comes_back_as_it_was_put_in() {
        assert_eq!(read_archive(&write_archive(&bundle(), MTIME)).unwrap(), bundle());
    }

    #[test]
    fn one_bundle_gives_one_archive() {
        assert_eq!(write_archive(&bundle(), MTIME), write_archive(&bundle(), MTIME));
    }

    #[test]
    fn files_that_are_none_of_a_bundles_are_passed_over() {
        let file = EntryType::Regular;
        let archive = archive(&[
            ("./certs/", EntryType::Directory, b""),
            ("./certs/README", file, b"hello"),
            ("./certs/root-cert.pem", file, b"root"),
            ("certs/cert-chain.pem", file, b"chain"),
            ("certs/key.pem", file, b"key"),
            ("key.pem", file, b"elsewhere"),
        ]);
        assert_eq!(read_archive(&archive).unwrap(), bundle());
    }

    #[test]
    fn what_would_be_unpacked_elsewhere_is_refused() {
        for path in ["../key.pem", "certs/../../key.pem", "/etc/certs/key.pem"] {
            let said = refusal(&[(path, EntryType::Regular, b"key")]);
            assert!(said.ends_with("which would be unpacked elsewhere"), "{said}");
        }
    }

    #[test]
    fn links_and_devices_are_refused() {
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Fifo] {
            let said = refusal(&[("certs/key.pem", kind, b"")]);
            assert!(said.ends_with("neither a file nor a directory"), "{said}");
        }
    }

    #[test]
    fn a_file_that_stands_twice_is_refused() {
        let key = ("certs/key.pem", EntryType::Regular, &b"key"[..]);
        assert_eq!(refusal(&[key, key]), "holds \"certs/key.pem\" twice");
    }

    #[test]
    fn a_missing_file_is_named() {
        let said = refusal(&[("certs/root-cert.pem", EntryType::Regular, b"root")]);
        assert_eq!(said, "holds no certs/cert-chain.pem");
    }

    #[test]
    fn an_archive_that_never_ends_is_refused_in_time() {
        let large = vec![0; 5 << 20];
        let said = refusal(&[("certs/large", EntryType::Regular, &large)]);
        assert_eq!(said, "unpacks to more than 4 MiB");
    }

    #[test]
    fn an_archive_cut_anywhere_is_refused() {
        let whole = write_archive(&bundle(), MTIME);
        for length in 0..whole.len() - 16 {
            assert!(read_archive(&whole[..length]).is_err(), "{length} of {}", whole.len());
        }
    }
}
