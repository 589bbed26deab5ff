//! Bytes as a request for a certificate: whatever they are, they are read in finite time and memory,
//! and what is accepted asks for no more than a key and at most one identity.

#![no_main]

use libfuzzer_sys::fuzz_target;
use marathon_inject::identity::x509::SigningRequest;

fuzz_target!(|bytes: &[u8]| {
    for request in [SigningRequest::from_der(bytes), SigningRequest::from_pem(bytes)] {
        let Ok(request) = request else { continue };
        assert_eq!(request.public_key().sha256().len(), 64);
        if let Some(identity) = request.identity() {
            assert_eq!(identity.to_string().parse().as_ref(), Ok(identity));
        }
    }
});
