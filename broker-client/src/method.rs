//! The description of a gRPC method.

use crate::retry::KeyUse;

/// A gRPC method of the broker.
#[derive(Debug)]
pub(crate) struct Method {
    /// The path of a call: service and method.
    pub(crate) path: &'static str,
    /// Indicates whether the method uses or makes a key, which decides about retries.
    pub(crate) key_use: KeyUse,
    /// The number of the method's field in `PipelineRequest` and in `PipelineResponse`. `None` where a pipeline
    /// does not carry it.
    pub(crate) pipeline_item: Option<u32>,
}

impl Method {
    pub(crate) const fn new(path: &'static str, key_use: KeyUse) -> Self {
        Self { path, key_use, pipeline_item: None }
    }

    pub(crate) const fn with_pipeline_item(self, number: u32) -> Self {
        Self { pipeline_item: Some(number), ..self }
    }
}
