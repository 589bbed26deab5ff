//! Marathon, as far as the tools of the mesh ask it: it takes pods, has the agent run them, and
//! tells how they are (marathon, `PodsResource`, `podStatus.raml`).

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::mesos::{self, Agent, HOST, Instance, Pod};

/// A Marathon, until it is dropped, and its pods with it.
pub(crate) struct Marathon {
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    agent: Arc<Agent>,
    pods: Mutex<BTreeMap<String, Deployed>>,
}

/// A pod as it was taken. Nobody writes one twice.
#[derive(Clone)]
struct Deployed {
    spec: Value,
    pod: Arc<Pod>,
}

/// When Marathon took every pod.
const VERSION: &str = "2018-12-20T00:00:00.000Z";

impl Marathon {
    /// Serves on a listener that somebody else has bound, in whatever network namespace.
    pub(crate) fn serve(listener: TcpListener, agent: &Arc<Agent>) -> Self {
        let shared = Arc::new(Shared { agent: Arc::clone(agent), pods: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { shared, _runtime: runtime }
    }

    /// A pod that was submitted.
    pub(crate) fn pod(&self, id: &str) -> Arc<Pod> {
        let pods = self.shared.pods.lock().unwrap();
        let deployed = pods.get(id).unwrap_or_else(|| panic!("nobody submitted {id}"));
        Arc::clone(&deployed.pod)
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_end_matches('/');
    match (method, path) {
        (Method::GET, "/v2/info") => json!({"version": "1.9.109", "elected": true}).answer(),
        (Method::GET, "/v2/deployments") => json!([]).answer(),
        (Method::POST, "/v2/pods") => match serde_json::from_slice(&body) {
            // Pods take their time to start, and others are to be answered meanwhile.
            Ok(spec) => tokio::task::spawn_blocking(move || shared.create(spec)).await.unwrap(),
            Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
        },
        (Method::GET, path) => shared.read(path),
        _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed"),
    }
}

impl Shared {
    fn create(&self, mut spec: Value) -> Response {
        let id = spec["id"].as_str().expect("a pod has an id").to_owned();
        let pod = Arc::new(Pod::run(&self.agent, &spec.to_string()));
        spec["version"] = VERSION.into();
        let answer = spec.clone();
        self.pods.lock().unwrap().insert(id, Deployed { spec, pod });
        let deployment = [("marathon-deployment-id", "97c136bf-5a28-4821-9d94-480d9fbb01c8")];
        (StatusCode::CREATED, deployment, axum::Json(answer)).into_response()
    }

    fn read(&self, path: &str) -> Response {
        let below = path.strip_prefix("/v2/pods").unwrap_or_default();
        let (id, what) = below.split_once("::").unwrap_or((below, ""));
        let Some(deployed) = self.pods.lock().unwrap().get(id).cloned() else {
            return refusal(StatusCode::NOT_FOUND, &format!("Pod '{id}' does not exist"));
        };
        match what {
            "" => deployed.spec.answer(),
            "status" => status(&deployed).answer(),
            what if what.strip_prefix("versions/") == Some(VERSION) => deployed.spec.answer(),
            _ => refusal(StatusCode::NOT_FOUND, "no such version"),
        }
    }
}

fn status(deployed: &Deployed) -> Value {
    let instance = deployed.pod.instance();
    let stable = instance.see(mesos::Tasks::are_stable) && !instance.see(mesos::Tasks::have_ended);
    json!({
        "id": deployed.spec["id"],
        "spec": deployed.spec,
        "status": if stable { "STABLE" } else { "DEGRADED" },
        "statusSince": instance.since,
        "instances": [told(&instance, stable)],
        "terminationHistory": []
    })
}

fn told(instance: &Instance, stable: bool) -> Value {
    let ending = instance.see(|tasks| tasks.are_ending() || tasks.have_ended());
    let status = if ending {
        "TERMINAL"
    } else if stable {
        "STABLE"
    } else {
        "STAGING"
    };
    let containers = instance.see(mesos::Tasks::states);
    let containers = containers.iter().map(|(name, state)| {
        json!({
            "name": name,
            "status": state.mesos_name(),
            "statusSince": instance.since,
            "containerId": instance.task_id(name)
        })
    });
    json!({
        "id": instance.id,
        "status": status,
        "statusSince": instance.since,
        "agentHostname": HOST,
        "networks": [{"name": "dcos", "addresses": [instance.address]}],
        "specReference": format!("/v2/pods{}::versions/{VERSION}", instance.pod.id),
        "containers": containers.collect::<Vec<_>>()
    })
}

trait Answer {
    fn answer(&self) -> Response;
}

impl Answer for Value {
    fn answer(&self) -> Response {
        axum::Json(self).into_response()
    }
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"message": message}))).into_response()
}
