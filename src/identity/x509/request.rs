//! A certificate signing request (PKCS#10, RFC 2986). It contributes a public key, and tells for
//! whom; what a certificate says besides is not for the one who asks to decide.

use pem_rfc7468::{Decoder, LineEnding};
use rcgen::{CertificateParams, DistinguishedName, SanType};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::error::AuthorityError;
use super::facts::general_name;
use super::key::{KeyError, PrivateKey};
use super::public_key::PublicKey;
use crate::identity::SpiffeId;

/// The label of its PEM block (RFC 7468 §7).
const LABEL: &str = "CERTIFICATE REQUEST";

/// The larger ones are not looked at, in bytes of PEM: one with an RSA key of 4096 bits has 1700.
const LONGEST: usize = 16 * 1024;

/// How much of what it asks for in vain is repeated, in characters.
const MOST_REPEATED: usize = 512;

/// Why a request is not heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not one PEM block of a request.
    #[error("expected one PEM block, {LABEL:?}")]
    Pem,
    /// Not the encoding of a request.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// A key that is not used here.
    #[error("its key {0}")]
    Key(#[from] KeyError),
    /// Who asks does not have the private key.
    #[error("its signature is wrong")]
    BadSignature,
    /// It asks for the certificate of a CA.
    #[error("it asks for the certificate of a CA")]
    AsksForCa,
    /// It asks for an extension that is none of a workload's.
    #[error("it asks for an extension that workloads do not get: {0}")]
    AsksForExtension(String),
    /// It asks for another name than one identity.
    #[error("it asks for names other than one identity: {0}")]
    AsksForNames(String),
}

/// A request that was read, and whose signature proves that who asks has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    public_key: PublicKey,
    identity: Option<SpiffeId>,
}

impl SigningRequest {
    /// Reads a request, PEM.
    ///
    /// # Errors
    /// It is none, its signature is wrong, or it asks for what no workload gets.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RequestError> {
        if pem.len() > LONGEST {
            return Err(RequestError::Pem);
        }
        let mut decoder =
            Decoder::new_detect_wrap(pem.trim_ascii()).map_err(|_| RequestError::Pem)?;
        // Microsoft's label is in use, too.
        if ![LABEL, "NEW CERTIFICATE REQUEST"].contains(&decoder.type_label()) {
            return Err(RequestError::Pem);
        }
        let mut der = Vec::new();
        decoder.decode_to_end(&mut der).map_err(|_| RequestError::Pem)?;
        Self::from_der(&der)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// As with [`from_pem`](Self::from_pem).
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let malformed = |reason: String| RequestError::Malformed(reason);
        let (rest, parsed) = X509CertificationRequest::from_der(der)
            .map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed("something stands after it".to_owned()));
        }
        // First the key: only one that is used here is worth the work of a check.
        let public_key = PublicKey::from_der(parsed.certification_request_info.subject_pki.raw)?;
        parsed.verify_signature().map_err(|_| RequestError::BadSignature)?;
        let identity = requested_identity(&parsed)?;
        Ok(Self { public_key, identity })
    }

    /// The key that is to be certified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// For whom, if it says so.
    pub fn identity(&self) -> Option<&SpiffeId> {
        self.identity.as_ref()
    }
}

impl PrivateKey {
    /// A request for a certificate of this key, PEM; for `identity` if that is known. The authority
    /// may know better.
    ///
    /// # Errors
    /// The cryptographic library failed.
    ///
    /// # Panics
    /// A request is too large for a computer's memory.
    pub fn request(&self, identity: Option<&SpiffeId>) -> Result<String, AuthorityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(identity) = identity {
            params.subject_alt_names = vec![SanType::URI(identity.to_string().try_into()?)];
        }
        let request = params.serialize_request(self)?;
        Ok(pem_rfc7468::encode_string(LABEL, LineEnding::LF, request.der())
            .expect("a request can be encoded"))
    }
}

/// For whom it is, of all that is asked for; what could make the certificate anything but a
/// workload's is refused.
fn requested_identity(
    parsed: &X509CertificationRequest<'_>,
) -> Result<Option<SpiffeId>, RequestError> {
    let mut names = Vec::new();
    for attribute in parsed.certification_request_info.iter_attributes() {
        let ParsedCriAttribute::ExtensionRequest(asked) = attribute.parsed_attribute() else {
            continue;
        };
        for extension in &asked.extensions {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(asked) => {
                    names.extend(asked.general_names.iter().map(general_name));
                }
                ParsedExtension::BasicConstraints(asked) if asked.ca => {
                    return Err(RequestError::AsksForCa);
                }
                ParsedExtension::KeyUsage(asked) if asked.key_cert_sign() || asked.crl_sign() => {
                    return Err(RequestError::AsksForCa);
                }
                // These say no more than what every workload gets.
                ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::ExtendedKeyUsage(_)
                | ParsedExtension::SubjectKeyIdentifier(_) => {}
                _ => return Err(RequestError::AsksForExtension(cut(extension.oid.to_id_string()))),
            }
        }
    }
    match &names[..] {
        [] => Ok(None),
        [name] => {
            let identity = name.strip_prefix("URI:").and_then(|uri| uri.parse().ok());
            identity.map(Some).ok_or_else(|| RequestError::AsksForNames(cut(name.clone())))
        }
        _ => Err(RequestError::AsksForNames(cut(names.join(", ")))),
    }
}

/// As much of what a stranger wrote as is repeated to anybody.
fn cut(text: String) -> String {
    text.chars().take(MOST_REPEATED).collect()
}

#[cfg(test)]
mod tests;
