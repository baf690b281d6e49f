//! Generates what the code needs to know of the messages beside their fields: the trait `Described` for each, and `Drop`
//! and `Debug` for those with a secret of their own.

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

pub(super) fn describe(pool: &DescriptorPool) -> Result<Described, Box<dyn Error>> {
    let stale = stale(pool);
    if !stale.is_empty() {
        return Err(
            format!("build/public.rs names what is not there, or a secret: {}", stale.join(", ")).into()
        );
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
            "impl Described for {path} {{\n    const HAS_SECRET: bool = {};\n    const SHAPE: &'static Shape = &{shape};\n}}\n",
            has_secret(&message)
        )?;
        let is_undeclared = |field: &FieldDescriptor| class(field) == Some(Class::Undeclared);
        undeclared.extend(message.fields().filter(is_undeclared).map(|field| field.full_name().to_owned()));
        if message.fields().any(|field| class(&field) == Some(Class::Secret)) {
            redacted.push(message.full_name().to_owned());
            code += &wiped(&message, &path)?;
            code += &printed(&message, &path)?;
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            code += &chosen(&oneof, &enumeration(&oneof, &path))?;
            if oneof.fields().any(|field| class(&field) == Some(Class::Secret)) {
                redacted.push(oneof.full_name().to_owned());
                code += &chosen_printed(&oneof, &enumeration(&oneof, &path))?;
            }
        }
    }
    writeln!(
        code,
        "/// The fields that nothing is declared of.\n#[cfg(test)]\npub(crate) const UNDECLARED: &[&str] = &{undeclared:?};"
    )?;
    Ok(Described { code, redacted })
}

/// The Rust type of a message; `None` for one of another package.
fn path(message: &MessageDescriptor) -> Result<Option<String>, Box<dyn Error>> {
    let Some((_, module)) = MODULES.iter().find(|(package, _)| *package == message.package_name()) else {
        return Ok(None);
    };
    if message.parent_message().is_some() {
        return Err(
            format!("{} stands in another message; that is not read here", message.full_name()).into()
        );
    }
    Ok(Some(format!("{module}::{}", message.name())))
}

/// The Rust type of a `oneof` in the message at `path`.
fn enumeration(oneof: &OneofDescriptor, path: &str) -> String {
    let (module, message) = path.rsplit_once("::").unwrap_or_default();
    format!("{module}::{}::{}", snake(message), camel(oneof.name()))
}

/// `Drop` of a message with a secret of its own.
fn wiped(message: &MessageDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
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

/// `Debug` of a message with a secret of its own: the other fields.
fn printed(message: &MessageDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
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

/// Whether the chosen field of a `oneof` has a secret in it.
fn chosen(oneof: &OneofDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut arms = String::new();
    for field in oneof.fields() {
        writeln!(arms, "            Self::{}(_) => {},", camel(field.name()), field_has_secret(&field))?;
    }
    Ok(format!(
        "impl {path} {{\n    /// Whether there is a secret in what this field holds.\n    #[must_use]\n    pub const fn \
         has_secret(&self) -> bool {{\n        match self {{\n{arms}        }}\n    }}\n}}\n\n"
    ))
}

/// `Debug` of a `oneof` with a secret in it.
fn chosen_printed(oneof: &OneofDescriptor, path: &str) -> Result<String, Box<dyn Error>> {
    let mut arms = String::new();
    for field in oneof.fields() {
        let name = camel(field.name());
        match (class(&field), field.kind()) {
            (Some(Class::Secret), Kind::String | Kind::Bytes) => {
                writeln!(arms, "            Self::{name}(_) => f.write_str(\"{name}([redacted])\"),")?;
            }
            _ => {
                writeln!(arms, "            Self::{name}(it) => f.debug_tuple({name:?}).field(it).finish(),")?
            }
        }
    }
    Ok(format!(
        "impl fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{\n        match \
         self {{\n{arms}        }}\n    }}\n}}\n\n"
    ))
}

/// `caPrivateKey` and `KeySource` as prost writes fields and modules: `ca_private_key`, `key_source`.
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

/// `raw_key` and `hashValueHex` as prost writes variants: `RawKey`, `HashValueHex`.
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
