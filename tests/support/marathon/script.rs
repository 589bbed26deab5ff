//! What shall happen to the instances of a pod.

/// Trouble with one container, which its whole instance shares.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(super) container: String,
    pub(super) kind: Kind,
    /// How many instances it still befalls; none means all of them.
    pub(super) left: Option<usize>,
    /// For how many ticks the container runs before.
    pub(super) after: usize,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exits { code: i32, message: String },
    NeverStarts { message: String },
    StaysStaging,
    Unhealthy,
    Finishes,
}

impl Trouble {
    /// The container ends with an exit code, without having been seen to run.
    pub(crate) fn exits(container: &str, code: i32) -> Self {
        let message = format!("Command exited with status {code}");
        Self::new(container, Kind::Exits { code, message })
    }

    /// The container's image cannot be pulled, for this reason.
    pub(crate) fn image_pull(container: &str, reason: &str) -> Self {
        let message = format!("Failed to launch container: {reason}");
        Self::new(container, Kind::NeverStarts { message })
    }

    /// The container's artifacts cannot be fetched.
    pub(crate) fn fetch(container: &str) -> Self {
        let message = format!(
            "Failed to launch container: Failed to fetch all URIs for container '{container}': \
            exit status 1"
        );
        Self::new(container, Kind::NeverStarts { message })
    }

    /// The instance never gets beyond `STAGING`.
    pub(crate) fn stays_staging(container: &str) -> Self {
        Self::new(container, Kind::StaysStaging)
    }

    /// The container runs, and its health check fails.
    pub(crate) fn unhealthy(container: &str) -> Self {
        Self::new(container, Kind::Unhealthy)
    }

    /// No trouble: the container is one that ends with 0, as `istio-init` always is.
    pub(crate) fn finishes(container: &str) -> Self {
        Self::new(container, Kind::Finishes)
    }

    fn new(container: &str, kind: Kind) -> Self {
        Self { container: container.to_owned(), kind, left: None, after: 0 }
    }

    /// In these words instead.
    pub(crate) fn saying(mut self, words: &str) -> Self {
        if let Kind::Exits { message, .. } | Kind::NeverStarts { message } = &mut self.kind {
            words.clone_into(message);
        }
        self
    }

    /// Only for the first so many instances.
    pub(crate) fn times(self, times: usize) -> Self {
        Self { left: Some(times), ..self }
    }

    /// Only after so many ticks of running, in which the instance is `STABLE`.
    pub(crate) fn after(self, ticks: usize) -> Self {
        Self { after: ticks, ..self }
    }
}

/// The troubles of all pods.
#[derive(Debug, Default)]
pub(super) struct Script(Vec<(String, Trouble)>);

impl Script {
    pub(super) fn add(&mut self, pod: &str, trouble: Trouble) {
        self.0.push((pod.to_owned(), trouble));
    }

    /// Nothing goes wrong with the pod any more.
    pub(super) fn clear(&mut self, pod: &str) {
        self.0.retain(|(id, _)| id != pod);
    }

    /// What befalls the next instance of a pod.
    pub(super) fn next(&mut self, pod: &str) -> Vec<Trouble> {
        let mut next = Vec::new();
        for (_, trouble) in self.0.iter_mut().filter(|(id, _)| id == pod) {
            match &mut trouble.left {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            next.push(trouble.clone());
        }
        next
    }
}
