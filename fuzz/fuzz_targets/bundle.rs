//! Bytes as an archive and as the files of a bundle: whatever they are, they are read in finite time
//! and memory, and what verification says of them is said without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::bundle::read_archive;
use marathon_inject::identity::x509::{Bundle, verify};
use time::macros::datetime;

fuzz_target!(|bytes: &[u8]| {
    let now = datetime!(2026-11-22 15:00 UTC);
    if let Ok(bundle) = read_archive(bytes) {
        let _ = verify(&bundle, None, now);
    }
    let files: Vec<_> = bytes.split(|byte| *byte == 0).collect();
    if let [root_cert, cert_chain, key] = files[..] {
        let (root_cert, cert_chain) = (root_cert.to_vec(), cert_chain.to_vec());
        let bundle = Bundle { root_cert, cert_chain, key: key.to_vec().into() };
        let _ = verify(&bundle, None, now);
    }
});
