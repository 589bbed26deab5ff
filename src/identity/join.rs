//! With what a pod joins the mesh: a token that the injector makes for it and that Citadel can
//! check without having been told of it, for they share a key.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use zeroize::Zeroizing;

use super::task::Task;

/// The label of a pod that says which submission of it its token is of.
pub const NONCE_LABEL: &str = "mesh/join-nonce";

/// The first part of a token and of a key's file: the version of their forms.
const VERSION: &str = "v1";

/// What sets these MACs apart from any others that might be made with the key.
const CONTEXT: &[u8] = b"mesh join token v1\0";

/// The bytes of a key: 256 bits.
const KEY_BYTES: usize = 32;

/// The bytes of a nonce.
const NONCE_BYTES: usize = 16;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinKeyError {
    /// Not the form of a key's file.
    #[error("is no join key: expected one line v1.<id>.<secret>, as citadel join-key makes it")]
    Malformed,
    /// The cryptographic library gave no random bytes.
    #[error("no key could be made: the cryptographic library failed")]
    Random,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not the form of a token.
    #[error("the token is malformed")]
    Malformed,
    /// A key that is not known here, or not any more.
    #[error("the token was made with a key that is not known here")]
    UnknownKey,
    /// The MAC does not fit.
    #[error("the token was not made with the key that it names, or was changed since")]
    Forged,
}

/// The key that the injector and Citadel share. What it is, nothing shows.
pub struct JoinKey {
    id: String,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

/// The join token of a pod. Nothing shows it but [`expose`](Self::expose).
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken(Zeroizing<String>);

/// What makes a token that of one submission of a pod: the pod's label says it, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

/// What a token says, once its MAC was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The id of the pod.
    pub pod: String,
    /// Which submission of it.
    pub nonce: Nonce,
}

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    /// The cryptographic library gave no random bytes.
    pub fn random() -> Result<Self, JoinKeyError> {
        let mut bytes = [0; NONCE_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| JoinKeyError::Random)?;
        Ok(Self(BASE64.encode(bytes)))
    }

    /// As text, for the label.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        (bytes.len() == NONCE_BYTES).then(|| Self(text.to_owned()))
    }
}

impl JoinKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// The cryptographic library gave no random bytes.
    pub fn generate() -> Result<Self, JoinKeyError> {
        let (mut id, mut secret) = ([0; 6], Zeroizing::new([0; KEY_BYTES]));
        aws_lc_rs::rand::fill(&mut id).map_err(|_| JoinKeyError::Random)?;
        aws_lc_rs::rand::fill(secret.as_mut()).map_err(|_| JoinKeyError::Random)?;
        Ok(Self { id: BASE64.encode(id), secret })
    }

    /// Reads a key from its file.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, JoinKeyError> {
        let parts = text.trim_end().split('.').collect::<Vec<_>>();
        let [VERSION, id, secret] = parts[..] else { return Err(JoinKeyError::Malformed) };
        let is_id = BASE64.decode(id).is_ok_and(|bytes| !bytes.is_empty());
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let decoded = BASE64.decode_slice(secret, bytes.as_mut());
        if !is_id || decoded != Ok(KEY_BYTES) {
            return Err(JoinKeyError::Malformed);
        }
        Ok(Self { id: id.to_owned(), secret: bytes })
    }

    /// The content of its file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(BASE64.encode(self.secret.as_ref()));
        Zeroizing::new(format!("{VERSION}.{}.{}\n", self.id, *secret))
    }

    /// What it is called by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The token of a pod.
    pub fn token(&self, pod: &str, nonce: &Nonce) -> JoinToken {
        let mac = BASE64.encode(hmac::sign(&self.hmac(), &message(pod, nonce)));
        let pod = BASE64.encode(pod);
        JoinToken(Zeroizing::new(format!("{VERSION}.{}.{pod}.{}.{mac}", self.id, nonce.0)))
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_ref())
    }
}

impl fmt::Debug for JoinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinKey({})", self.id)
    }
}

impl JoinToken {
    /// Takes a text as a token, whatever it is worth.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What it says, if one of `keys` made it. How long that takes does not tell how much of the
    /// MAC is right.
    ///
    /// # Errors
    /// It is none of theirs.
    pub fn check(&self, keys: &[JoinKey]) -> Result<Claim, TokenError> {
        let parts = self.parts().ok_or(TokenError::Malformed)?;
        let known = keys.iter().find(|key| key.id == parts.key);
        let key = known.ok_or(TokenError::UnknownKey)?;
        let Claim { pod, nonce } = &parts.claim;
        hmac::verify(&key.hmac(), &message(pod, nonce), &parts.mac)
            .map_err(|_| TokenError::Forged)?;
        Ok(parts.claim)
    }

    /// What it says, unchecked: for those who made it themselves.
    pub fn claim(&self) -> Option<Claim> {
        Some(self.parts()?.claim)
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let text = Some(self.0.as_str()).filter(|text| text.len() <= LONGEST)?;
        let parts = text.split('.').collect::<Vec<_>>();
        let [VERSION, key, pod, nonce, mac] = parts[..] else { return None };
        let pod = String::from_utf8(BASE64.decode(pod).ok()?).ok()?;
        // What is no pod's id is not looked for.
        Task::new(&pod, "any").ok()?;
        let (nonce, mac) = (Nonce::parse(nonce)?, BASE64.decode(mac).ok()?);
        Some(Parts { key, claim: Claim { pod, nonce }, mac })
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(..)")
    }
}

/// A token taken apart.
struct Parts<'t> {
    key: &'t str,
    claim: Claim,
    mac: Vec<u8>,
}

/// No pod's id has a zero byte in it.
fn message(pod: &str, nonce: &Nonce) -> Vec<u8> {
    [CONTEXT, pod.as_bytes(), b"\0", nonce.0.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> JoinKey {
        JoinKey::generate().unwrap()
    }

    #[test]
    fn a_token_says_what_it_was_made_for_to_whoever_has_the_key() {
        let (old, new, nonce) = (key(), key(), Nonce::random().unwrap());
        let token = new.token("/shop/cart.v1", &nonce);
        let claim = Claim { pod: "/shop/cart.v1".to_owned(), nonce };
        let again = JoinKey::parse(&new.to_text()).unwrap();
        assert_eq!(token.check(&[old, again]), Ok(claim.clone()));
        assert_eq!(token.claim(), Some(claim));
    }

    #[test]
    fn a_token_of_another_key_or_for_something_else_is_refused() {
        let (key, other, nonce) = (key(), key(), Nonce::random().unwrap());
        let token = key.token("/a", &nonce);
        assert_eq!(token.check(&[other]), Err(TokenError::UnknownKey));
        let parts: Vec<_> = token.expose().split('.').collect();
        let stranger = BASE64.encode("/b");
        let other_nonce = Nonce::random().unwrap();
        for (place, with) in [(2, &*stranger), (3, other_nonce.as_str()), (4, "AAAA"), (4, "")] {
            let mut parts = parts.clone();
            parts[place] = with;
            let forged = JoinToken::new(&parts.join("."));
            assert_eq!(forged.check(std::slice::from_ref(&key)), Err(TokenError::Forged));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let key = key();
        let good = key.token("/a", &Nonce::random().unwrap());
        let bad_pod = good.expose().replace(&BASE64.encode("/a"), &BASE64.encode("/A b"));
        let long = format!("{}{}", good.expose(), "A".repeat(LONGEST));
        let other = good.expose().replacen("v1", "v2", 1);
        for text in ["", "v1", "v1....", &bad_pod, &long, &other] {
            let refused = JoinToken::new(text).check(std::slice::from_ref(&key));
            assert_eq!(refused, Err(TokenError::Malformed), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let short = BASE64.encode([1; 31]);
        let texts = ["".to_owned(), format!("v1.AAAA.{short}"), format!("v2.AAAA.{short}A")];
        for text in texts {
            assert_eq!(JoinKey::parse(&text).unwrap_err(), JoinKeyError::Malformed);
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let key = key();
        let token = key.token("/a", &Nonce::random().unwrap());
        assert_eq!(format!("{key:?} {token:?}"), format!("JoinKey({}) JoinToken(..)", key.id()));
    }
}
