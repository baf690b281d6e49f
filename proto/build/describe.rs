//! Generates the implementations of the traits in `src/described.rs`, and `Drop` and `Debug` of messages that have secret
//! fields.

use std::{collections::BTreeSet, error::Error, fmt::Write as _};

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};

use crate::{
    secrecy::{Class, class, field_has_secret, has_secret, stale},
    shape::shape,
};

/// The module of each package.
const MODULES: [(&str, &str); 3] =
    [("cryptobroker.v1", "crate::v1"), ("CryptoBroker", "crate::crypto_broker"), ("protobuf", "crate::g0")];

pub(super) struct Described {
    pub(super) code: String,
    /// Messages and `oneof`s for which prost must not derive `Debug`, by their names in the `.proto` files.
    pub(super) redacted: Vec<String>,
}

/// Returns the code for all messages. `shared` are the fields that are decoded as `Bytes`.
pub(super) fn describe(pool: &DescriptorPool, shared: &[&str]) -> Result<Described, Box<dyn Error>> {
    let stale = stale(pool);
    if !stale.is_empty() {
        return Err(format!(
            "build/public.rs lists fields that do not exist or are secret: {}",
            stale.join(", ")
        )
        .into());
    }
    let streamed: BTreeSet<String> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(|method| method.is_client_streaming())
        .map(|method| method.input().full_name().to_owned())
        .collect();
    let (mut code, mut redacted, mut undeclared) = (String::new(), Vec::new(), Vec::new());
    for message in pool.all_messages() {
        let Some(path) = path(&message)? else { continue };
        let shape = shape(&message, streamed.contains(message.full_name()))?;
        writeln!(
            code,
            "impl Described for {path} {{\n    const HAS_SECRET: bool = {};\n    const SHAPE: &'static Shape = &{shape};\n{}}}\n",
            has_secret(&message),
            shared_visitor(&message, shared)
        )?;
        if is_operation_request(&message, &path) {
            let nested = message.fields().filter(|field| !is_visited(field, shared)).find(|field| {
                is_shared(field, shared)
                    || matches!(field.kind(), Kind::Message(inner) if has_shared(&inner, shared, 1))
            });
            if let Some(field) = nested {
                let name = field.full_name();
                return Err(
                    format!("{name} would keep its frame in memory: share fields of requests only").into()
                );
            }
            code += &operation_request(&path);
        }
        code += &operation_response(&message, &path);
        let is_undeclared = |field: &FieldDescriptor| class(field) == Some(Class::Undeclared);
        undeclared.extend(message.fields().filter(is_undeclared).map(|field| field.full_name().to_owned()));
        if message.fields().any(|field| class(&field) == Some(Class::Secret)) {
            redacted.push(message.full_name().to_owned());
            code += &drop_impl(&message, &path)?;
            code += &debug_impl(&message, &path)?;
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            code += &oneof_has_secret(&oneof, &enumeration(&oneof, &path))?;
            if oneof.fields().any(|field| class(&field) == Some(Class::Secret)) {
                redacted.push(oneof.full_name().to_owned());
                code += &oneof_debug_impl(&oneof, &enumeration(&oneof, &path))?;
            }
        }
    }
    writeln!(
        code,
        "/// The fields that are declared neither secret nor public.\n#[cfg(test)]\npub(crate) const UNDECLARED: &[&str] = &{undeclared:?};"
    )?;
    Ok(Described { code, redacted })
}

/// Returns the code of `Described::for_each_shared`; nothing where the message has no such field outside a `oneof`.
fn shared_visitor(message: &MessageDescriptor, shared: &[&str]) -> String {
    let body: String = message
        .fields()
        .filter(|field| is_visited(field, shared))
        .map(|field| format!("        visit(&mut self.{});\n", snake(field.name())))
        .collect();
    if body.is_empty() {
        return body;
    }
    format!("\n    fn for_each_shared(&mut self, mut visit: impl FnMut(&mut Bytes)) {{\n{body}    }}\n")
}

/// Reports whether a field is decoded as `Bytes`.
fn is_shared(field: &FieldDescriptor, shared: &[&str]) -> bool {
    shared.iter().any(|name| name.strip_prefix('.') == Some(field.full_name()))
}

/// Reports whether `for_each_shared` of its message visits a field.
fn is_visited(field: &FieldDescriptor, shared: &[&str]) -> bool {
    is_shared(field, shared) && field.containing_oneof().is_none()
}

/// Reports whether a message, or one inside it, has a field that is decoded as `Bytes`. Messages here are nested less than
/// eight levels deep.
fn has_shared(message: &MessageDescriptor, shared: &[&str], depth: usize) -> bool {
    depth < 8
        && message.fields().any(|field| {
            is_shared(&field, shared)
                || matches!(field.kind(), Kind::Message(inner) if has_shared(&inner, shared, depth + 1))
        })
}

/// Reports whether a message of the current API has a profile and metadata.
fn is_operation_request(message: &MessageDescriptor, path: &str) -> bool {
    let has = |name| message.get_field_by_name(name).is_some();
    path.starts_with("crate::v1::") && has("profile") && has("metadata")
}

/// Returns the code of `OperationRequest` for the message at `path`.
fn operation_request(path: &str) -> String {
    format!(
        "impl OperationRequest for {path} {{\n    fn profile(&self) -> &str {{\n        &self.profile\n    }}\n\n    \
         fn take_metadata(&mut self) -> Option<crate::v1::Metadata> {{\n        self.metadata.take()\n    }}\n}}\n\n"
    )
}

/// Returns the code of `OperationResponse` for a response of the current API that has metadata.
fn operation_response(message: &MessageDescriptor, path: &str) -> String {
    let has = |name| message.get_field_by_name(name).is_some();
    if !(path.starts_with("crate::v1::") && path.ends_with("Response") && has("metadata")) {
        return String::new();
    }
    let fields = [
        ("descriptor", "self.descriptor = Some(descriptor())", "let _ = descriptor"),
        ("metadata", "self.metadata = metadata", ""),
        ("padding", "self.padding = vec![0; padding]", "let _ = padding"),
    ];
    let body: String = fields
        .map(|(name, set, ignore)| format!("        {};\n", if has(name) { set } else { ignore }))
        .concat();
    format!(
        "impl OperationResponse for {path} {{\n    fn complete(&mut self, descriptor: impl FnOnce() -> crate::v1::CryptoDescriptor, \
         metadata: Option<crate::v1::Metadata>, padding: usize) {{\n{body}    }}\n}}\n\n"
    )
}

/// Returns the Rust type of a message; `None` for a message of another package.
fn path(message: &MessageDescriptor) -> Result<Option<String>, Box<dyn Error>> {
    let Some((_, module)) = MODULES.iter().find(|(package, _)| *package == message.package_name()) else {
        return Ok(None);
    };
    if message.parent_message().is_some() {
        return Err(format!(
            "{} is nested in another message, which build/describe.rs does not support",
            message.full_name()
        )
        .into());
    }
    Ok(Some(format!("{module}::{}", message.name())))
}

/// Returns the Rust type of a `oneof` in the message at `path`.
fn enumeration(oneof: &OneofDescriptor, path: &str) -> String {
    let (module, message) = path.rsplit_once("::").unwrap_or_default();
    format!("{module}::{}::{}", snake(message), camel(oneof.name()))
}

/// Returns the code of `Drop` for a message with a secret field.
fn drop_impl(message: &MessageDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut body = String::new();
    for field in message.fields().filter(|field| class(field) == Some(Class::Secret)) {
        match field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
            None => writeln!(body, "        self.{}.zeroize();", snake(field.name()))?,
            Some(oneof) => writeln!(
                body,
                "        if let Some({}::{}(secret)) = &mut self.{} {{\n            secret.zeroize();\n        }}",
                enumeration(&oneof, path),
                camel(field.name()),
                snake(oneof.name())
            )?,
        }
    }
    Ok(format!("impl Drop for {path} {{\n    fn drop(&mut self) {{\n{body}    }}\n}}\n\n"))
}

/// Returns the code of `Debug` for a message with a secret field, which is redacted.
fn debug_impl(message: &MessageDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut body = String::new();
    for field in message.fields() {
        let name = snake(field.name());
        match field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
            None if class(&field) == Some(Class::Secret) => {
                writeln!(body, "            .field({name:?}, &\"[redacted]\")")?;
            }
            None => writeln!(body, "            .field({name:?}, &self.{name})")?,
            Some(oneof) if oneof.fields().next().as_ref() == Some(&field) => {
                let name = snake(oneof.name());
                writeln!(body, "            .field({name:?}, &self.{name})")?;
            }
            Some(_) => {}
        }
    }
    Ok(format!(
        "impl fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        \
         f.debug_struct({:?})\n{body}            .finish()\n    }}\n}}\n\n",
        message.name()
    ))
}

/// Returns the code of `has_secret` for a `oneof`.
fn oneof_has_secret(oneof: &OneofDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut arms = String::new();
    for field in oneof.fields() {
        writeln!(arms, "            Self::{}(_) => {},", camel(field.name()), field_has_secret(&field))?;
    }
    Ok(format!(
        "impl {path} {{\n    /// Reports whether the selected field contains a secret.\n    #[must_use]\n    pub const fn \
         has_secret(&self) -> bool {{\n        match self {{\n{arms}        }}\n    }}\n}}\n\n"
    ))
}

/// Returns the code of `Debug` for a `oneof` with a secret field, which is redacted.
fn oneof_debug_impl(oneof: &OneofDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut arms = String::new();
    for field in oneof.fields() {
        let name = camel(field.name());
        match (class(&field), field.kind()) {
            (Some(Class::Secret), Kind::String | Kind::Bytes) => {
                writeln!(arms, "            Self::{name}(_) => f.write_str(\"{name}([redacted])\"),")?;
            }
            _ => writeln!(
                arms,
                "            Self::{name}(value) => f.debug_tuple({name:?}).field(value).finish(),"
            )?,
        }
    }
    Ok(format!(
        "impl fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        match \
         self {{\n{arms}        }}\n    }}\n}}\n\n"
    ))
}

/// Converts a name to prost's form for fields and modules: `caPrivateKey` to `ca_private_key`, `KeySource` to `key_source`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Converts a name to prost's form for variants: `raw_key` to `RawKey`, `hashValueHex` to `HashValueHex`.
fn camel(name: &str) -> String {
    snake(name)
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}
