//! HTTP: TLS with the right authorities, a certificate of our own, proxies for who is elsewhere, no
//! surprises.

use std::fs;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, Client, ClientBuilder, Identity, Method, RequestBuilder};
use url::Url;
use zeroize::Zeroizing;

use super::Trust;
use super::address::is_loopback;
use super::error::Error;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How connections are secured.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Whose certificates servers may show.
    pub trust: Trust,
    /// The files with a certificate to show to servers that ask for one, and its key: PEM.
    pub client: Option<ClientFiles>,
}

/// A certificate to show to servers, and its key.
#[derive(Clone, Debug)]
pub struct ClientFiles {
    /// The certificate, and those that lead to its root.
    pub cert: Utf8PathBuf,
    /// The private key.
    pub key: Utf8PathBuf,
}

/// The ways to servers. A proxy is none to this machine: it would look for the server on its own.
pub(super) struct Http {
    direct: Client,
    proxied: Client,
    proxies: Matcher,
}

/// Whether the proxies are used that the environment names.
#[derive(Clone, Copy)]
enum Proxies {
    No,
    Yes,
}

impl Http {
    pub(super) fn new(security: &Security) -> Result<Self, Error> {
        Ok(Self {
            direct: client(security, Proxies::No)?,
            proxied: client(security, Proxies::Yes)?,
            proxies: Matcher::from_system(),
        })
    }

    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let client = if is_loopback(&url) { &self.direct } else { &self.proxied };
        client.request(method, url)
    }

    /// The proxy on the way to a URL, without the credentials that it may be named with.
    pub(super) fn proxy(&self, url: &Url) -> Option<String> {
        let url = Some(url).filter(|url| !is_loopback(url))?;
        let proxy = self.proxies.intercept(&url.as_str().parse().ok()?)?;
        Some(proxy.uri().to_string())
    }
}

/// A client that neither redirects nor repeats by itself: whether that is safe is known above.
fn client(security: &Security, proxies: Proxies) -> Result<Client, Error> {
    let plain = plain(security, proxies)?;
    let built = match &security.trust {
        Trust::System => match plain.build() {
            // A machine without authorities, as a bare container is, still speaks plain HTTP.
            Err(_) => self::plain(security, proxies)?.tls_certs_only([]).build(),
            built => built,
        },
        Trust::Only(file) => plain.tls_certs_only(authorities(file)?).build(),
        Trust::Anybody => plain.tls_danger_accept_invalid_certs(true).build(),
    };
    built.map_err(|error| match &security.client {
        Some(files) => wrong(&files.key, &innermost(&error)),
        None => wrong(Utf8Path::new("TLS"), &innermost(&error)),
    })
}

/// A client that is yet to be told whom to trust.
fn plain(security: &Security, proxies: Proxies) -> Result<ClientBuilder, Error> {
    let builder = Client::builder()
        .user_agent(concat!("inject/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT);
    let builder = match proxies {
        Proxies::No => builder.no_proxy(),
        Proxies::Yes => builder,
    };
    Ok(match &security.client {
        Some(files) => builder.identity(identity(files)?),
        None => builder,
    })
}

fn authorities(file: &Utf8Path) -> Result<Vec<Certificate>, Error> {
    let pem = fs::read(file).map_err(|error| wrong(file, &error))?;
    let certificates =
        Certificate::from_pem_bundle(&pem).map_err(|error| wrong(file, &innermost(&error)))?;
    if certificates.is_empty() {
        return Err(wrong(file, &"there is no certificate in it"));
    }
    Ok(certificates)
}

/// The certificates and the key, which reqwest wants in one text.
fn identity(files: &ClientFiles) -> Result<Identity, Error> {
    let mut pem =
        Zeroizing::new(fs::read(&files.cert).map_err(|error| wrong(&files.cert, &error))?);
    pem.push(b'\n');
    let key = fs::read(&files.key).map_err(|error| wrong(&files.key, &error))?;
    pem.extend_from_slice(&Zeroizing::new(key));
    Identity::from_pem(&pem).map_err(|error| wrong(&files.key, &innermost(&error)))
}

fn wrong(file: &Utf8Path, why: &dyn std::fmt::Display) -> Error {
    Error::Tls { file: file.to_string(), why: why.to_string() }
}

/// The cause at the bottom, which is the one that people can do something about.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
