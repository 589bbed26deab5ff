//! A web server with the bundles that pods fetch.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::runtime::{Builder, Runtime};

#[cfg(test)]
pub(super) use tests::tests;

/// What is served, and how often each name was asked for.
#[derive(Default)]
struct Shelved {
    files: BTreeMap<String, Vec<u8>>,
    requests: BTreeMap<String, usize>,
}

/// An HTTP server of files, until it is dropped; what it does not have is a 404.
pub(crate) struct Shelf {
    shelved: Arc<Mutex<Shelved>>,
    _runtime: Runtime,
}

impl Shelf {
    /// Serves on a listener that somebody else has bound, in whatever network namespace.
    pub(crate) fn serve(listener: TcpListener) -> Self {
        let shelved = Arc::<Mutex<Shelved>>::default();
        let router = Router::new().route("/{name}", get(take)).with_state(Arc::clone(&shelved));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { shelved, _runtime: runtime }
    }

    /// Puts a file there, in place of one of this name.
    pub(crate) fn put(&self, name: &str, content: Vec<u8>) {
        self.shelved.lock().unwrap().files.insert(name.to_owned(), content);
    }

    pub(crate) fn remove(&self, name: &str) {
        self.shelved.lock().unwrap().files.remove(name);
    }

    /// How often the name was asked for, whether it was there or not.
    pub(crate) fn requests(&self, name: &str) -> usize {
        self.shelved.lock().unwrap().requests.get(name).copied().unwrap_or_default()
    }
}

async fn take(
    State(shelved): State<Arc<Mutex<Shelved>>>,
    Path(name): Path<String>,
) -> Result<Vec<u8>, StatusCode> {
    let mut shelved = shelved.lock().unwrap();
    let content = shelved.files.get(&name).cloned().ok_or(StatusCode::NOT_FOUND);
    *shelved.requests.entry(name).or_default() += 1;
    content
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// A Mesos fetcher takes it as curl does.
    fn curl(url: &str, to: &Path) -> String {
        let flags = ["-s", "-w", "%{http_code}", "-o", to.to_str().unwrap(), url];
        String::from_utf8(Command::new("curl").args(flags).output().unwrap().stdout).unwrap()
    }

    fn the_shelf_gives_what_it_has_and_counts_who_asks() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/bundle-certs.tgz", listener.local_addr().unwrap());
        let shelf = Shelf::serve(listener);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("fetched.tgz");

        assert_eq!(curl(&url, &file), "404");
        shelf.put("bundle-certs.tgz", b"one".to_vec());
        assert_eq!(curl(&url, &file), "200");
        assert_eq!(fs::read(&file).unwrap(), b"one");
        shelf.remove("bundle-certs.tgz");
        assert_eq!(curl(&url, &file), "404");
        assert_eq!(shelf.requests("bundle-certs.tgz"), 3);
        assert_eq!(shelf.requests("another"), 0);

        drop(shelf);
        assert_eq!(curl(&url, &file), "000");
    }

    crate::tests! { the_shelf_gives_what_it_has_and_counts_who_asks }
}
