//! Service accounts of DC/OS: programs that sign in with a token which they sign themselves. The key
//! leaves its type only as a signature.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{Error as PemError, PemObject};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Secret;

/// How long a login token is good for, as the DC/OS CLI has it (`pkg/login`).
const VALIDITY: Duration = Duration::from_secs(5 * 60);

/// The only way of signing that the DC/OS IAM takes (RFC 7518 §3.3).
const SCHEME: &str = "RS256";

/// Why there is no service account, or no token of one. No message repeats what was read: it holds
/// the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceAccountError {
    /// No name.
    #[error("the service account has no uid")]
    NoUid,
    /// No PEM block of a private key.
    #[error("holds no PEM private key")]
    NoKey,
    /// A PEM block that cannot be decoded.
    #[error("is no PEM that can be read")]
    BadPem,
    /// The key is protected by a passphrase.
    #[error("the private key is encrypted; decrypt it first, as with `openssl pkey`")]
    Encrypted,
    /// A key of another algorithm.
    #[error("the private key is not of RSA: DC/OS service accounts sign with RSA")]
    NotRsa,
    /// An RSA key that can be broken (NIST SP 800-131A).
    #[error("the private key has less than 2048 bits, which is too short to be safe")]
    TooShort,
    /// An RSA key that cannot be used.
    #[error("the private key cannot be used: {0}")]
    BadKey(String),
    /// Text that is no account.
    #[error(
        "line {line}, column {column}: not the JSON of a service account, \
         {{\"uid\", \"private_key\", \"scheme\": \"RS256\"}}"
    )]
    BadJson {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// Another way of signing.
    #[error("the scheme of the service account is not RS256, the only one that is known")]
    UnknownScheme,
    /// A clock that no token can be made by.
    #[error("the clock stands before 1970")]
    Clock,
    /// The cryptographic library gave no signature.
    #[error("the login token cannot be signed: the cryptographic library failed")]
    Signature,
}

/// A service account of DC/OS: a uid and the private key that proves it.
pub struct ServiceAccount {
    uid: String,
    key: RsaKeyPair,
}

/// What DC/OS keeps of an account as a secret. Its `login_endpoint` is of use within the cluster
/// only, and not read.
#[derive(Deserialize)]
struct Kept {
    uid: String,
    private_key: String,
    #[serde(default)]
    scheme: Option<String>,
}

/// The header of a token (RFC 7515 §4.1).
#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

/// What a token claims (DC/OS IAM API, `POST /acs/api/v1/auth/login`).
#[derive(Serialize)]
struct Claims<'c> {
    uid: &'c str,
    /// In seconds since 1970 (RFC 7519 §4.1.4).
    exp: u64,
}

impl ServiceAccount {
    /// An account from its name and its private key, in PEM: PKCS#8, or RSA's own PKCS#1.
    ///
    /// # Errors
    /// There is no uid, or no RSA key of 2048 to 8192 bits.
    pub fn new(uid: &str, pem: &Secret) -> Result<Self, ServiceAccountError> {
        if uid.is_empty() {
            return Err(ServiceAccountError::NoUid);
        }
        Ok(Self { uid: uid.to_owned(), key: rsa_key(pem)? })
    }

    /// An account from the JSON that DC/OS keeps as a secret, `{"uid", "private_key", "scheme"}`.
    ///
    /// # Errors
    /// The text is something else, names another scheme than RS256, or has no RSA key.
    pub fn from_json(text: &Secret) -> Result<Self, ServiceAccountError> {
        // The library's own words would repeat what it did not expect, perhaps the key.
        let kept: Kept = serde_json::from_str(text.expose()).map_err(|error| {
            ServiceAccountError::BadJson { line: error.line(), column: error.column() }
        })?;
        let key = Secret::new(kept.private_key);
        if kept.scheme.is_some_and(|scheme| scheme != SCHEME) {
            return Err(ServiceAccountError::UnknownScheme);
        }
        Self::new(&kept.uid, &key)
    }

    /// Its name.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The token to sign in with, valid for 5 minutes from `now`: a JWT (RFC 7519) of `uid` and
    /// `exp`, signed as RS256.
    ///
    /// # Errors
    /// `now` is before 1970, or the cryptographic library failed.
    pub fn login_token(&self, now: SystemTime) -> Result<Secret, ServiceAccountError> {
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| ServiceAccountError::Clock)?;
        let claims = Claims { uid: &self.uid, exp: (now + VALIDITY).as_secs() };
        let mut token = part(&Header { alg: SCHEME, typ: "JWT" }) + "." + &part(&claims);
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| ServiceAccountError::Signature)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(Secret::new(token))
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// A part of a token: JSON in base64url (RFC 7515 §3).
fn part(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("texts and numbers can be written as JSON");
    URL_SAFE_NO_PAD.encode(json)
}

fn rsa_key(pem: &Secret) -> Result<RsaKeyPair, ServiceAccountError> {
    let text = pem.expose();
    // `ENCRYPTED PRIVATE KEY` (RFC 5958 §3), and `Proc-Type: 4,ENCRYPTED` as OpenSSL once wrote.
    if text.contains("ENCRYPTED") {
        return Err(ServiceAccountError::Encrypted);
    }
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        PemError::NoItemsFound => ServiceAccountError::NoKey,
        _ => ServiceAccountError::BadPem,
    })?;
    let key = match &*Zeroizing::new(der) {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(ServiceAccountError::NotRsa),
    };
    key.map_err(|error| rejected(&error))
}

/// The library tells its reasons apart by their words only.
fn rejected(error: &KeyRejected) -> ServiceAccountError {
    match error.to_string().as_str() {
        "WrongAlgorithm" => ServiceAccountError::NotRsa,
        "TooSmall" => ServiceAccountError::TooShort,
        reason => ServiceAccountError::BadKey(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
        UnparsedPublicKey,
    };
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    /// Where PKCS#1 begins in the PKCS#8 of a key of 2048 bits, behind what says that it is RSA.
    const PKCS1_START: usize = 26;

    static KEY: LazyLock<RsaKeyPair> =
        LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

    fn pkcs8() -> Vec<u8> {
        AsDer::<Pkcs8V1Der<'_>>::as_der(&*KEY).unwrap().as_ref().to_vec()
    }

    fn pem(label: &str, der: &[u8]) -> Secret {
        let body = STANDARD.encode(der);
        let lines: Vec<_> =
            body.as_bytes().chunks(64).map(|l| str::from_utf8(l).unwrap()).collect();
        let lines = lines.join("\n");
        Secret::new(format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"))
    }

    fn elliptic() -> Vec<u8> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        key.to_pkcs8v1().unwrap().as_ref().to_vec()
    }

    fn account() -> ServiceAccount {
        ServiceAccount::new("deployer", &pem("PRIVATE KEY", &pkcs8())).unwrap()
    }

    fn refused(uid: &str, pem: &Secret) -> ServiceAccountError {
        ServiceAccount::new(uid, pem).unwrap_err()
    }

    /// Whether the account's public half takes the signature of a token.
    fn is_signed(token: &str) -> bool {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key().as_ref())
            .verify(message.as_bytes(), &signature)
            .is_ok()
    }

    fn parts(token: &str) -> Vec<Value> {
        let parts = token.split('.').take(2).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        parts.map(|part| serde_json::from_slice(&part).unwrap()).collect()
    }

    #[test]
    fn the_login_token_says_who_and_until_when() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let token = account().login_token(now).unwrap();
        let header = json!({"alg": "RS256", "typ": "JWT"});
        let claims = json!({"uid": "deployer", "exp": 1_000_300});
        assert_eq!(parts(token.expose()), [header, claims]);
    }

    #[test]
    fn the_public_key_takes_the_signature_of_the_token_and_of_no_other() {
        let token = account().login_token(UNIX_EPOCH).unwrap();
        assert!(is_signed(token.expose()));
        let other = ServiceAccount { uid: "root".to_owned(), ..account() };
        let other = other.login_token(UNIX_EPOCH).unwrap();
        let (message, _) = other.expose().rsplit_once('.').unwrap();
        let (_, signature) = token.expose().rsplit_once('.').unwrap();
        assert!(!is_signed(&format!("{message}.{signature}")));
    }

    #[test]
    fn the_key_may_be_in_pkcs1() {
        let pem = pem("RSA PRIVATE KEY", &pkcs8()[PKCS1_START..]);
        let account = ServiceAccount::new("deployer", &pem).unwrap();
        assert!(is_signed(account.login_token(UNIX_EPOCH).unwrap().expose()));
    }

    #[test]
    fn the_account_may_be_the_secret_that_dcos_keeps() {
        let json = json!({
            "uid": "deployer",
            "private_key": pem("PRIVATE KEY", &pkcs8()).expose(),
            "login_endpoint": "https://leader.mesos/acs/api/v1/auth/login",
            "scheme": "RS256",
        });
        let account = ServiceAccount::from_json(&Secret::new(json.to_string())).unwrap();
        assert_eq!(account.uid(), "deployer");
        assert!(is_signed(account.login_token(UNIX_EPOCH).unwrap().expose()));
    }

    #[test]
    fn another_scheme_is_refused() {
        let key = pem("PRIVATE KEY", &pkcs8());
        let json = json!({"uid": "a", "private_key": key.expose(), "scheme": "HS256"});
        let error = ServiceAccount::from_json(&Secret::new(json.to_string())).unwrap_err();
        assert_eq!(error, ServiceAccountError::UnknownScheme);
    }

    #[test]
    fn bad_json_is_refused_without_repeating_it() {
        for json in
            [r#""hunter2""#, r#"{"uid": "hunter2"#, r#"{"uid": 1, "private_key": "hunter2"}"#]
        {
            let error = ServiceAccount::from_json(&Secret::new(json)).unwrap_err();
            assert!(matches!(error, ServiceAccountError::BadJson { line: 1, .. }), "{error:?}");
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_rsa_is_refused() {
        let elliptic = elliptic();
        for label in ["PRIVATE KEY", "EC PRIVATE KEY"] {
            assert_eq!(refused("a", &pem(label, &elliptic)), ServiceAccountError::NotRsa);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let no_base64 = "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n";
        let cases = [
            (Secret::new("hunter2"), ServiceAccountError::NoKey),
            (Secret::new(no_base64), ServiceAccountError::BadPem),
            (Secret::new("-----BEGIN hunter2"), ServiceAccountError::BadPem),
            (
                pem("PRIVATE KEY", b"hunter2"),
                ServiceAccountError::BadKey("InvalidEncoding".to_owned()),
            ),
            (pem("ENCRYPTED PRIVATE KEY", b"hunter2"), ServiceAccountError::Encrypted),
        ];
        for (pem, expected) in cases {
            let error = refused("a", &pem);
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn an_account_has_a_name() {
        assert_eq!(refused("", &pem("PRIVATE KEY", &pkcs8())), ServiceAccountError::NoUid);
    }

    #[test]
    fn a_clock_before_1970_makes_no_token() {
        let error = account().login_token(UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
        assert_eq!(error, ServiceAccountError::Clock);
    }

    #[test]
    fn printing_an_account_shows_its_name_only() {
        assert_eq!(format!("{:?}", account()), "ServiceAccount { uid: \"deployer\", .. }");
    }
}
