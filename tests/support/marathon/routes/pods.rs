//! `/v2/pods`, and what stands behind an id: `::status`, `::versions`, `::instances`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::answer::Refusal;
use super::super::changes::Accepted;
use super::super::cluster::Cluster;
use super::super::pod::Pod;
use super::super::server::Node;
use super::super::status;
use super::force;

const DEPLOYMENT_ID: &str = "Marathon-Deployment-Id";

/// What the part of a path behind `/v2/pods` names.
enum Target {
    AllStatuses,
    Pod(String),
    Status(String),
    Versions(String),
    Version(String, String),
    Instances(String),
    Instance(String, String),
    Unknown,
}

impl Target {
    fn of(rest: &str) -> Self {
        let (id, aspect) = rest.split_once("::").unwrap_or((rest, ""));
        let id = format!("/{}", id.trim_end_matches('/'));
        match aspect.split_once('/').unwrap_or((aspect, "")) {
            ("status", "") if id == "/" => Self::AllStatuses,
            ("", "") => Self::Pod(id),
            ("status", "") => Self::Status(id),
            ("versions", "") => Self::Versions(id),
            ("versions", version) => Self::Version(id, version.to_owned()),
            ("instances", "") => Self::Instances(id),
            ("instances", instance) => Self::Instance(id, instance.to_owned()),
            _ => Self::Unknown,
        }
    }
}

/// `HEAD /v2/pods`: whether there are pods at all.
pub(super) async fn probe() -> StatusCode {
    StatusCode::OK
}

/// `GET /v2/pods`.
pub(super) async fn list(State(node): State<Node>) -> Json<Vec<Value>> {
    Json(node.shared.with(|cluster| cluster.pods.values().map(|pod| pod.spec().clone()).collect()))
}

/// `POST /v2/pods`.
pub(super) async fn create(
    State(node): State<Node>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    must_be_json(&headers)?;
    let force = force(query.as_deref());
    let accepted = node.shared.with(|cluster| cluster.create(&body, force))?;
    let id = accepted.spec["id"].as_str().unwrap_or_default();
    let url = node.shared.with(|cluster| cluster.leadership.url_of(node.number));
    let location = [(header::LOCATION, format!("{url}/v2/pods{id}"))];
    Ok((StatusCode::CREATED, location, written(accepted)).into_response())
}

/// `PUT /v2/pods/{id}`.
pub(super) async fn replace(
    State(node): State<Node>,
    Path(rest): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    must_be_json(&headers)?;
    let Target::Pod(id) = Target::of(&rest) else {
        return Err(Refusal::unknown_path());
    };
    let force = force(query.as_deref());
    let accepted = node.shared.with(|cluster| cluster.replace(&id, &body, force))?;
    Ok(written(accepted).into_response())
}

fn written(accepted: Accepted) -> impl IntoResponse {
    ([(DEPLOYMENT_ID, accepted.deployment)], Json(accepted.spec))
}

/// `GET` of a pod and of what stands behind its id.
pub(super) async fn read(
    State(node): State<Node>,
    Path(rest): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let target = Target::of(&rest);
    node.shared.with(|cluster| found(cluster, &target)).map(Json)
}

fn found(cluster: &Cluster, target: &Target) -> Result<Value, Refusal> {
    let pod = |id: &str| cluster.pods.get(id).ok_or_else(|| Refusal::no_pod(id));
    Ok(match target {
        Target::AllStatuses => {
            cluster.pods.iter().map(|(id, pod)| status::pod_status(id, pod)).collect()
        }
        Target::Pod(id) => {
            let pod = pod(id).map_err(|_| Refusal::no_pod_to_read(id))?;
            pod.spec().clone()
        }
        Target::Status(id) => status::pod_status(id, pod(id)?),
        Target::Versions(id) => {
            pod(id)?.versions.iter().map(|spec| spec["version"].clone()).collect()
        }
        Target::Version(id, version) => version_of(pod(id)?, id, version)?,
        Target::Instances(_) | Target::Instance(..) | Target::Unknown => {
            return Err(Refusal::unknown_path());
        }
    })
}

fn version_of(pod: &Pod, id: &str, version: &str) -> Result<Value, Refusal> {
    let same = |spec: &&Value| spec["version"] == version;
    pod.versions.iter().find(same).cloned().ok_or_else(|| {
        let message = format!("Pod '{id}' does not exist in version {version}");
        Refusal::message(StatusCode::NOT_FOUND, message)
    })
}

/// `DELETE` of a pod or of its instances.
pub(super) async fn delete(
    State(node): State<Node>,
    Path(rest): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Refusal> {
    let force = force(query.as_deref());
    node.shared.with(|cluster| match Target::of(&rest) {
        Target::Pod(id) => {
            let deployment = cluster.delete(&id, force)?;
            let headers = [(DEPLOYMENT_ID, deployment.clone()), ("Location", deployment)];
            Ok((StatusCode::ACCEPTED, headers).into_response())
        }
        Target::Instance(id, instance) => {
            Ok(Json(killed(cluster, &id, &instance)?).into_response())
        }
        Target::Instances(id) => {
            let instances: Vec<String> = serde_json::from_slice(&body).map_err(|error| {
                Refusal::unprocessable("Invalid JSON", json!(error.to_string()))
            })?;
            let killed: Result<Vec<Value>, Refusal> =
                instances.iter().map(|instance| killed(cluster, &id, instance)).collect();
            Ok(Json(killed?).into_response())
        }
        _ => Err(Refusal::unknown_path()),
    })
}

fn killed(cluster: &mut Cluster, id: &str, instance: &str) -> Result<Value, Refusal> {
    if !cluster.has(id) {
        return Err(Refusal::no_pod(id));
    }
    let killed = cluster.kill(id, instance).ok_or_else(|| {
        Refusal::message(StatusCode::NOT_FOUND, format!("Instance '{instance}' does not exist"))
    })?;
    Ok(status::instance(id, &cluster.pods[id], &killed))
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes()) {
        Some(kind) if !kind.starts_with(b"application/json") => {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Err(Refusal::message(status, "Unsupported Media Type"))
        }
        _ => Ok(()),
    }
}
