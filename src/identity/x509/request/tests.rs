//! What a request may ask for. Citadel 1.0.5 copied whatever stood in it into the certificate, and
//! did not look at its signature.

use pem_rfc7468::{LineEnding, encode_string};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    SanType,
};

use super::*;
use crate::identity::x509::KeyKind;

const CART: &str = "spiffe://cluster.local/ns/shop/sa/cart";

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

/// The encoding of a request that asks for something.
fn der(ask: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    ask(&mut params);
    params.serialize_request(&key()).unwrap().der().to_vec()
}

fn read(ask: impl FnOnce(&mut CertificateParams)) -> Result<SigningRequest, RequestError> {
    SigningRequest::from_der(&der(ask))
}

fn pem(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).unwrap()
}

/// An extension by the last arcs of its OID, after 2.5.29.
fn extension(arc: u64, content: &[u8]) -> CustomExtension {
    CustomExtension::from_oid_content(&[2, 5, 29, arc], content.to_vec())
}

#[test]
fn a_request_contributes_a_key_and_perhaps_an_identity() {
    let identity: SpiffeId = CART.parse().unwrap();
    for kind in [KeyKind::P256, KeyKind::Rsa2048] {
        let key = PrivateKey::generate(kind).unwrap();
        for identity in [None, Some(&identity)] {
            let request = key.request(identity).unwrap();
            let request = SigningRequest::from_pem(request.as_bytes()).unwrap();
            assert_eq!(*request.public_key(), key.public_key());
            assert_eq!(request.identity(), identity);
        }
    }
}

#[test]
fn what_every_workload_gets_anyway_may_be_asked_for() {
    let request = read(|params| {
        params.subject_alt_names = vec![uri(CART)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(request.unwrap().identity().unwrap().to_string(), CART);
}

#[test]
fn the_certificate_of_a_ca_is_refused() {
    let ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(read(|params| params.is_ca = ca), Err(RequestError::AsksForCa));
    for usage in [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign] {
        let asks = |params: &mut CertificateParams| {
            params.subject_alt_names = vec![uri(CART)];
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature, usage];
        };
        assert_eq!(read(asks), Err(RequestError::AsksForCa));
    }
}

#[test]
fn names_other_than_one_identity_are_refused() {
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let other = "spiffe://cluster.local/ns/shop/sa/other";
    for names in [
        vec![dns("*.cluster.local")],
        vec![dns("istio-citadel")],
        vec![uri(CART), dns("istio-citadel")],
        vec![uri(CART), uri(other)],
        vec![uri(CART), uri(CART)],
        vec![SanType::IpAddress("127.0.0.1".parse().unwrap())],
        vec![SanType::Rfc822Name("a@b".try_into().unwrap())],
        vec![uri("spiffe://cluster.local/ns/*/sa/cart")],
        vec![uri("spiffe://cluster.local")],
        vec![uri("https://cluster.local/ns/shop/sa/cart")],
        vec![uri(&format!("{CART}/x"))],
        vec![uri(&format!("{CART}?x"))],
    ] {
        let refused = read(|params| params.subject_alt_names.clone_from(&names));
        assert!(matches!(refused, Err(RequestError::AsksForNames(_))), "{names:?}: {refused:?}");
    }
}

#[test]
fn what_is_asked_for_in_vain_is_not_repeated_at_length() {
    let dns = |number: usize| SanType::DnsName(format!("a{number}").try_into().unwrap());
    let refused = read(|params| params.subject_alt_names = (0..2000).map(dns).collect());
    let RequestError::AsksForNames(names) = refused.unwrap_err() else { panic!("it is no name") };
    assert!(names.starts_with("DNS:a0, DNS:a1, ") && names.len() < 600, "{}", names.len());
    let long = vec![uri(&format!("{CART}/{}", "x".repeat(4000)))];
    let refused = read(|params| params.subject_alt_names = long).unwrap_err();
    assert!(refused.to_string().len() < 600, "{}", refused.to_string().len());
    let arcs: Vec<_> = [1, 3].into_iter().chain([u64::MAX; 200]).collect();
    let odd = CustomExtension::from_oid_content(&arcs, vec![5, 0]);
    let refused = read(|params| params.custom_extensions = vec![odd]).unwrap_err();
    assert!(refused.to_string().len() < 600, "{}", refused.to_string().len());
}

#[test]
fn names_in_a_second_extension_count_too() {
    // GeneralNames with the one DNS name `a`.
    let second = extension(17, &[0x30, 0x03, 0x82, 0x01, b'a']);
    let refused = read(|params| {
        params.subject_alt_names = vec![uri(CART)];
        params.custom_extensions = vec![second];
    });
    // A parser may also refuse that an extension comes twice.
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn extensions_that_no_workload_gets_are_refused() {
    let task = CustomExtension::from_oid_content(&[2, 25, 6_410_985_273_314_870_529], vec![5, 0]);
    // Name constraints, policies, and those that cannot be read.
    for asked in [task, extension(30, &[0x30, 0x00]), extension(32, &[0xff]), extension(19, &[1])] {
        let oid = asked.oid_components().map(|arc| arc.to_string()).collect::<Vec<_>>().join(".");
        let refused = read(|params| params.custom_extensions = vec![asked]);
        assert_eq!(refused, Err(RequestError::AsksForExtension(oid)));
    }
}

#[test]
fn a_signature_of_anybody_else_is_refused() {
    let good = der(|params| params.subject_alt_names = vec![uri(CART)]);
    let mut tampered = good.clone();
    let at = good.windows(4).position(|it| it == b"cart").unwrap();
    tampered[at..at + 4].copy_from_slice(b"root");
    assert_eq!(SigningRequest::from_der(&tampered), Err(RequestError::BadSignature));
    let mut other_key = good.clone();
    let last = other_key.len() - 1;
    other_key[last] ^= 1;
    assert_eq!(SigningRequest::from_der(&other_key), Err(RequestError::BadSignature));
    assert!(SigningRequest::from_der(&good).is_ok());
}

#[test]
fn keys_of_other_kinds_are_refused() {
    for algorithm in [&PKCS_ECDSA_P521_SHA512, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let request = CertificateParams::default().serialize_request(&key).unwrap();
        let refused = SigningRequest::from_der(request.der());
        assert_eq!(refused, Err(RequestError::Key(KeyError::Unsupported)));
    }
}

#[test]
fn a_request_is_alone_in_its_file() {
    let der = der(|_| {});
    let good = pem(LABEL, &der);
    assert!(SigningRequest::from_pem(good.as_bytes()).is_ok());
    assert!(SigningRequest::from_pem(format!("\n{good}\n\n").as_bytes()).is_ok());
    let trailing = [&der[..], &[0]].concat();
    assert!(matches!(SigningRequest::from_der(&trailing), Err(RequestError::Malformed(_))));
    for text in [
        String::new(),
        "-----BEGIN CERTIFICATE REQUEST-----".to_owned(),
        good.repeat(2),
        format!("{good}more"),
        good.replace("-----END CERTIFICATE REQUEST-----\n", ""),
        pem("CERTIFICATE", &der),
        pem("PRIVATE KEY", &der),
        format!("{good}{}", " ".repeat(LONGEST)),
    ] {
        let refused = SigningRequest::from_pem(text.as_bytes());
        assert!(
            matches!(refused, Err(RequestError::Pem)) || text.ends_with(' '),
            "{text}: {refused:?}"
        );
    }
    let long = format!("{good}{}", "A".repeat(LONGEST));
    assert_eq!(SigningRequest::from_pem(long.as_bytes()), Err(RequestError::Pem));
}

#[test]
fn the_label_of_microsoft_is_understood() {
    let text = pem("NEW CERTIFICATE REQUEST", &der(|_| {}));
    assert!(SigningRequest::from_pem(text.as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn whatever_the_bytes_are_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = SigningRequest::from_der(&bytes);
        let _ = SigningRequest::from_pem(&bytes);
        let _ = SigningRequest::from_pem(pem(LABEL, &bytes).as_bytes());
    }

    /// The parser is lenient with the tags around what is signed.
    #[test]
    fn what_is_read_of_a_request_is_what_was_signed_whatever_was_changed(
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let good = der(|params| params.subject_alt_names = vec![uri(CART)]);
        let mut changed = good.clone();
        changed[at.index(good.len())] ^= 1 << bit;
        if let Ok(read) = SigningRequest::from_der(&changed) {
            prop_assert_eq!(Ok(read), SigningRequest::from_der(&good));
        }
    }
}
