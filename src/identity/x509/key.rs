//! Private keys and public ones. A private key leaves its type only as PEM in a buffer that is
//! wiped, and shows nothing of itself when printed.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use pem_rfc7468::{Decoder, LineEnding};
use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};
use zeroize::Zeroizing;

use super::public_key::PublicKey;

/// Smaller RSA keys are refused (NIST SP 800-131A; rustls and Envoy refuse them too).
pub(super) const MIN_RSA_BITS: usize = 2048;

/// Text that is wiped when it is dropped.
pub type SecretText = Zeroizing<String>;

/// The keys that are made here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on NIST P-256 with SHA-256.
    #[default]
    P256,
    /// RSA of 2048 bits with SHA-256 (PKCS#1 v1.5), the only kind that Istio 1.0.5 makes.
    Rsa2048,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "p256",
            Self::Rsa2048 => "rsa2048",
        })
    }
}

impl FromStr for KeyKind {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "p256" => Ok(Self::P256),
            "rsa2048" => Ok(Self::Rsa2048),
            _ => Err(KeyError::UnknownKind),
        }
    }
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another word than those for kinds.
    #[error("no such kind of key: p256 and rsa2048 are known")]
    UnknownKind,
    /// No PEM block of a private key.
    #[error("holds no PEM private key")]
    Missing,
    /// More than one key, or something else beside it.
    #[error("holds something beside one private key")]
    NotAlone,
    /// The key is protected by a passphrase.
    #[error("is encrypted; decrypt it first, as with `openssl pkey`")]
    Encrypted,
    /// Not the encoding of a key.
    #[error("is no private key that can be read: {0}")]
    Malformed(String),
    /// A key on another curve, or of another algorithm.
    #[error("is of a kind that Envoy does not take; use ECDSA on P-256 or P-384, or RSA")]
    Unsupported,
    /// An RSA key that can be broken.
    #[error("is an RSA key of {0} bits; at least {MIN_RSA_BITS} are needed")]
    TooShort(usize),
    /// The cryptographic library gave none.
    #[error("no key could be made: the cryptographic library failed")]
    Generation,
}

/// A private key, wiped from memory when it is dropped.
pub struct PrivateKey(Pair);

enum Pair {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let pair = match kind {
            KeyKind::P256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Pair::P256)
            }
            KeyKind::Rsa2048 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
        };
        pair.map(Self).map_err(|_| KeyError::Generation)
    }

    /// Reads the one key of a PEM file, in PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// There is no key, more than one, or one that cannot be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let (encoding, der) = only_key(pem)?;
        let ec = |alg| match encoding {
            Encoding::Pkcs8 => EcdsaKeyPair::from_pkcs8(alg, &der),
            _ => EcdsaKeyPair::from_private_key_der(alg, &der),
        };
        if let Ok(pair) = ec(&ECDSA_P256_SHA256_ASN1_SIGNING) {
            return Ok(Self(Pair::P256(pair)));
        }
        if let Ok(pair) = ec(&ECDSA_P384_SHA384_ASN1_SIGNING) {
            return Ok(Self(Pair::P384(pair)));
        }
        let rsa = match encoding {
            Encoding::Pkcs8 => RsaKeyPair::from_pkcs8(&der),
            Encoding::Pkcs1 => RsaKeyPair::from_der(&der),
            Encoding::Sec1 => return Err(KeyError::Unsupported),
        };
        let pair = rsa.map_err(|rejected| rsa_error(&rejected.to_string()))?;
        match pair.public_modulus_len() * 8 {
            bits if bits < MIN_RSA_BITS => Err(KeyError::TooShort(bits)),
            _ => Ok(Self(Pair::Rsa(pair))),
        }
    }

    /// The key as PEM, in PKCS#8.
    ///
    /// # Panics
    /// The cryptographic library cannot encode a key that it made or read.
    pub fn to_pem(&self) -> SecretText {
        match &self.0 {
            Pair::P256(pair) | Pair::P384(pair) => {
                pem(pair.to_pkcs8v1().expect("a key can be encoded").as_ref())
            }
            Pair::Rsa(pair) => {
                let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(pair);
                pem(der.expect("a key can be encoded").as_ref())
            }
        }
    }

    /// Its other half.
    ///
    /// # Panics
    /// The public half of a key is none that its own type takes.
    pub fn public_key(&self) -> PublicKey {
        let der = self.subject_public_key_info();
        PublicKey::from_der(&der).expect("the public half of a key is a public key")
    }
}

/// Signs with SHA-256, or with SHA-384 on P-384.
impl SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let random = SystemRandom::new();
        let failed = |_| rcgen::Error::RingUnspecified;
        match &self.0 {
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).map(|signed| signed.as_ref().to_vec()).map_err(failed)
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

impl PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        match &self.0 {
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match &self.0 {
            Pair::P256(_) => &rcgen::PKCS_ECDSA_P256_SHA256,
            Pair::P384(_) => &rcgen::PKCS_ECDSA_P384_SHA384,
            Pair::Rsa(_) => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public_key().algorithm())
    }
}

/// How a private key is encoded.
#[derive(Clone, Copy)]
enum Encoding {
    /// RFC 5958.
    Pkcs8,
    /// RSA alone, RFC 8017 appendix A.
    Pkcs1,
    /// EC alone, RFC 5915.
    Sec1,
}

/// The one private key of a PEM file, decoded into nothing but a buffer that is wiped.
fn only_key(pem: &[u8]) -> Result<(Encoding, Zeroizing<Vec<u8>>), KeyError> {
    let malformed = |error: pem_rfc7468::Error| KeyError::Malformed(error.to_string());
    let (mut key, mut others) = (None, false);
    for block in blocks(pem) {
        if position(block, ENCRYPTED).is_some() {
            return Err(KeyError::Encrypted);
        }
        let encoding = match label(block) {
            b"PRIVATE KEY" => Encoding::Pkcs8,
            b"RSA PRIVATE KEY" => Encoding::Pkcs1,
            b"EC PRIVATE KEY" => Encoding::Sec1,
            b"ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            // OpenSSL writes the curve before an EC key.
            b"EC PARAMETERS" => continue,
            _ => {
                others = true;
                continue;
            }
        };
        others |= key.replace((encoding, block)).is_some();
    }
    let (encoding, block) = key.ok_or(KeyError::Missing)?;
    if others {
        return Err(KeyError::NotAlone);
    }
    let mut decoder = Decoder::new_detect_wrap(block).map_err(malformed)?;
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der).map_err(malformed)?;
    Ok((encoding, der))
}

/// How OpenSSL marks a key that is encrypted in its old way (RFC 1421 §4.6.1.1).
const ENCRYPTED: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// How the first line of a PEM block begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// What the first line of a PEM block says that it holds.
fn label(block: &[u8]) -> &[u8] {
    let label = &block[BEGIN.len()..];
    &label[..position(label, b"-----").unwrap_or(label.len())]
}

/// The blocks of a PEM file, each from its first line through its last.
fn blocks(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = pem;
    std::iter::from_fn(move || {
        let block = &rest[position(rest, BEGIN)?..];
        let last = position(block, b"-----END ").unwrap_or(block.len());
        let end = position(&block[last..], b"\n").map_or(block.len(), |end| last + end + 1);
        rest = &block[end..];
        Some(&block[..end])
    })
}

fn position(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// The library's reasons, in words.
fn rsa_error(reason: &str) -> KeyError {
    match reason {
        "WrongAlgorithm" => KeyError::Unsupported,
        "TooSmall" => KeyError::Malformed("an RSA key of too few bits".to_owned()),
        reason => KeyError::Malformed(reason.to_owned()),
    }
}

fn pem(der: &[u8]) -> SecretText {
    const LABEL: &str = "PRIVATE KEY";
    let length = pem_rfc7468::encoded_len(LABEL, LineEnding::LF, der).expect("a key is short");
    let mut buffer = Zeroizing::new(vec![0; length]);
    let text = pem_rfc7468::encode(LABEL, LineEnding::LF, der, &mut buffer);
    Zeroizing::new(text.expect("the buffer is as long as was said").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: KeyKind) -> PrivateKey {
        PrivateKey::generate(kind).unwrap()
    }

    #[test]
    fn a_key_is_the_same_after_a_journey_as_pem() {
        for kind in [KeyKind::P256, KeyKind::Rsa2048] {
            let key = key(kind);
            let pem = key.to_pem();
            assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{kind}");
            let again = PrivateKey::from_pem(pem.as_bytes()).unwrap();
            assert_eq!(again.public_key(), key.public_key(), "{kind}");
        }
    }

    #[test]
    fn printing_a_key_tells_its_kind_alone() {
        assert_eq!(format!("{:?}", key(KeyKind::P256)), "PrivateKey(P-256)");
        assert_eq!(format!("{:?}", key(KeyKind::Rsa2048)), "PrivateKey(RSA-2048)");
    }

    #[test]
    fn a_file_without_exactly_one_key_is_refused() {
        let pem = key(KeyKind::P256).to_pem();
        let two = format!("{}{}", *pem, *pem);
        let beside =
            format!("{}-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", *pem);
        let refused = |pem: &str| PrivateKey::from_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(refused("no PEM at all"), KeyError::Missing);
        assert_eq!(refused(&two), KeyError::NotAlone);
        assert_eq!(refused(&beside), KeyError::NotAlone);
    }

    #[test]
    fn an_encrypted_key_is_told_as_such() {
        for pem in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMA==\n\
             -----END RSA PRIVATE KEY-----\n",
        ] {
            assert_eq!(PrivateKey::from_pem(pem.as_bytes()).unwrap_err(), KeyError::Encrypted);
        }
    }

    #[test]
    fn what_only_looks_like_a_key_is_refused() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let pem = format!("-----BEGIN {label}-----\nMA==\n-----END {label}-----\n");
            let error = PrivateKey::from_pem(pem.as_bytes()).unwrap_err();
            assert!(matches!(error, KeyError::Malformed(_) | KeyError::Unsupported), "{error}");
        }
    }
}
