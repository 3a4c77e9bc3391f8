//! Predicts over HTTP: `cargo run --release -- MODEL.safetensors [ADDRESS]`, then
//!
//! `curl -d '{"inputs": [[0.0, 0.5, ..]]}' localhost:8080/predict`
//!
//! Each request is computed by the thread that took it: one network without threads of its own serves them all at once.
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use rectifier_infer::SparseNetwork;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
struct Request {
    /// One row of numbers an example.
    inputs: Vec<Vec<f32>>,
}

#[derive(Serialize)]
struct Answer {
    class: String,
    probability: f32,
}

fn json(value: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], value)
}

async fn predict(
    State(network): State<Arc<SparseNetwork>>,
    body: Bytes,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let refuse = |reason: String| (StatusCode::UNPROCESSABLE_ENTITY, reason);
    let request: Request =
        serde_json::from_slice(&body).map_err(|error| refuse(error.to_string()))?;
    let width = network.inputs();
    if let Some(row) = request.inputs.iter().find(|row| row.len() != width) {
        return Err(refuse(format!(
            "a row has {} numbers, not {width}",
            row.len()
        )));
    }
    let answers = network
        .predict(&request.inputs.concat())
        .map_err(|error| refuse(error.to_string()))?;
    let named = answers.into_iter().map(|answer| Answer {
        class: network.card().class(answer.class).to_string(),
        probability: answer.probability,
    });
    let named: Vec<Answer> = named.collect();
    serde_json::to_string(&named)
        .map(json)
        .map_err(|error| refuse(error.to_string()))
}

async fn model(State(network): State<Arc<SparseNetwork>>) -> impl IntoResponse {
    let card = network.card();
    let value = serde_json::json!({
        "data": card.data.name, "shape": card.data.shape, "inputs": network.inputs(),
        "classes": card.classes, "precision": network.precision(), "test_error": card.figures.test_error,
    });
    json(value.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: serve MODEL.safetensors [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".into());
    let network = Arc::new(SparseNetwork::load(&path)?);
    let app = Router::new()
        .route("/predict", post(predict))
        .route("/model", get(model))
        .layer(DefaultBodyLimit::max(16 << 20))
        .with_state(network);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
