//! Requests for certificates, honest ones and others.

use marathon_inject::identity::x509::{KeyKind, PrivateKey};
use pem_rfc7468::{LineEnding, decode_vec, encode_string};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519, SanType,
};

/// A request with a new key; for somebody, or not.
pub(crate) fn csr(identity: Option<&str>) -> String {
    csr_of(KeyKind::P256, identity)
}

/// The same with such a key.
pub(crate) fn csr_of(key: KeyKind, identity: Option<&str>) -> String {
    request(&PrivateKey::generate(key).unwrap(), identity)
}

/// A request with this key.
pub(crate) fn request(key: &PrivateKey, identity: Option<&str>) -> String {
    let identity = identity.map(|identity| identity.parse().unwrap());
    key.request(identity.as_ref()).unwrap()
}

/// A request that asks for what its maker likes.
pub(crate) fn crafted(ask: impl FnOnce(&mut CertificateParams)) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    ask(&mut params);
    signed(&params, &KeyPair::generate().unwrap())
}

/// A request for these names.
pub(crate) fn naming(names: Vec<SanType>) -> String {
    crafted(|params| params.subject_alt_names = names)
}

/// A name that is a URI.
pub(crate) fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

/// A name of a host.
pub(crate) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

/// A request for the certificate of a CA.
pub(crate) fn of_ca() -> String {
    crafted(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    })
}

/// A request whose signature is not that of its key.
pub(crate) fn tampered() -> String {
    let (_, mut der) = decode_vec(csr(None).as_bytes()).unwrap();
    *der.last_mut().unwrap() ^= 1;
    pem(&der)
}

fn signed(params: &CertificateParams, key: &KeyPair) -> String {
    pem(params.serialize_request(key).unwrap().der())
}

fn pem(der: &[u8]) -> String {
    encode_string("CERTIFICATE REQUEST", LineEnding::LF, der).unwrap()
}

/// Requests with keys that are not used here.
pub(crate) fn odd_keys() -> Vec<String> {
    let with = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        signed(&CertificateParams::default(), &key)
    };
    vec![with(&PKCS_ED25519), with(&PKCS_ECDSA_P521_SHA512)]
}

/// A request with a key on P-384.
pub(crate) fn p384() -> String {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    signed(&params, &key)
}
