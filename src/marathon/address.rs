//! Where Marathon is: the URLs that it can be reached at.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The base URLs of one Marathon, each as good as the others: a standby hands on what it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Vec<Url>);

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL; the words are those of the parser.
    #[error("`{url}` is no URL: {why}")]
    NoUrl {
        /// What should be one.
        url: String,
        /// What the parser says.
        why: String,
    },
    /// It is a URL of something else.
    #[error("`{0}` is not reached by http or https")]
    Scheme(String),
    /// It holds a password, which must not be repeated.
    #[error("a URL must not hold a user or a password: others can see it")]
    Password,
    /// There is none.
    #[error("no URL")]
    Empty,
}

impl FromStr for Address {
    type Err = AddressError;

    /// From URLs with commas between them.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let urls = text.split(',').map(str::trim).filter(|url| !url.is_empty());
        let urls = urls.map(base).collect::<Result<Vec<_>, _>>()?;
        if urls.is_empty() { Err(AddressError::Empty) } else { Ok(Self(urls)) }
    }
}

impl From<Url> for Address {
    fn from(url: Url) -> Self {
        Self(vec![url])
    }
}

fn base(text: &str) -> Result<Url, AddressError> {
    // What holds a password is not repeated, however malformed.
    if text.contains('@') {
        return Err(AddressError::Password);
    }
    let url = Url::parse(text)
        .map_err(|why| AddressError::NoUrl { url: text.to_owned(), why: why.to_string() })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(AddressError::Scheme(text.to_owned())),
    }
}

impl Address {
    /// The URLs, the preferred one first.
    pub fn urls(&self) -> &[Url] {
        &self.0
    }

    /// The URL of a path of the API, by the `turn`-th base.
    pub(super) fn api(&self, turn: usize, path: &ApiPath, query: &[(&str, &str)]) -> Url {
        let mut url = self.0[turn % self.0.len()].clone();
        url.set_fragment(None);
        url.set_query(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&path.0);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether credentials may go to a URL: to the places that the user named, and from there to
    /// the same host by https.
    pub(super) fn trusts(&self, url: &Url) -> bool {
        self.0.iter().any(|base| {
            let same_host = base.host() == url.host();
            let upgraded = url.scheme() == "https" && url.port().is_none();
            same_host && (base.origin() == url.origin() || upgraded)
        })
    }
}

/// Whether what is sent to a URL stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A path below the base URL, in segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiPath(Vec<String>);

impl ApiPath {
    /// `v2/` and the rest, as `deployments`.
    pub(super) fn v2(rest: &str) -> Self {
        Self(std::iter::once("v2").chain(rest.split('/')).map(str::to_owned).collect())
    }

    /// What is known of a pod under `what`, as `::status`; with `""` the pod itself. The slashes
    /// of an id are those of the path (Marathon PodsResource).
    pub(super) fn pod(id: &str, what: &str) -> Self {
        Self::v2(&format!("pods/{}{what}", id.trim_start_matches('/')))
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn several_urls_stand_with_commas_between_them() {
        let address = address("http://m1:8080, https://m2:8443/service/marathon/");
        let path = ApiPath::pod("/team/web", "::status");
        let urls: Vec<_> = (0..3).map(|turn| address.api(turn, &path, &[]).to_string()).collect();
        assert_eq!(
            urls,
            [
                "http://m1:8080/v2/pods/team/web::status",
                "https://m2:8443/service/marathon/v2/pods/team/web::status",
                "http://m1:8080/v2/pods/team/web::status",
            ]
        );
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_and_a_password_not_repeated() {
        let fails = |text: &str| text.parse::<Address>().unwrap_err().to_string();
        assert_eq!(fails(" , "), "no URL");
        assert_eq!(fails("ftp://m"), "`ftp://m` is not reached by http or https");
        assert!(fails("marathon").starts_with("`marathon` is no URL"), "{}", fails("marathon"));
        for text in ["http://me:hunter2@m", "http://:hunter2@m:x", "me:hunter2@m"] {
            assert!(!fails(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn credentials_go_only_where_the_user_sent_them() {
        let address = address("http://m1:8080,http://cluster/service/marathon");
        let trusts = |url: &str| address.trusts(&Url::parse(url).unwrap());
        assert!(trusts("http://m1:8080/v2/events"));
        assert!(trusts("https://cluster/service/marathon/v2/pods"));
        assert!(!trusts("http://m2:8080/v2/events"));
        assert!(!trusts("http://m1:9090/v2/events"));
        assert!(
            !Address::from(Url::parse("https://m1").unwrap())
                .trusts(&Url::parse("http://m1").unwrap())
        );
    }
}
