//! Reads which module of a crate imports which other one. It works on tokens, without a parser for the whole language: `use`
//! items and paths that begin with `crate`, `self`, `super`, a child module or an imported name are enough.
//! Code that is compiled for tests only is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The path of a module inside its crate; empty for the crate's root.
pub(crate) type Module = Vec<String>;

/// One place in the source where a module names another.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) from: Module,
    pub(crate) to: Module,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

/// A path as the source has it, where `use` trees are expanded.
struct Reference {
    from: Module,
    path: Vec<String>,
    file: PathBuf,
    line: usize,
}

#[derive(Default)]
struct Source {
    modules: BTreeSet<Module>,
    /// Names that a module imports, and the paths they stand for.
    names: BTreeMap<(Module, String), Vec<String>>,
    references: Vec<Reference>,
    /// Modules that are declared under `#[cfg(test)]`.
    test_modules: BTreeSet<Module>,
}

/// Returns the imports between the modules of the crate whose source is in `folder`.
pub(crate) fn of_crate(folder: &Path) -> Vec<Import> {
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    let files: Vec<_> = files.iter().map(|(file, text)| (file.as_path(), text.as_str())).collect();
    of_files(&files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.strip_prefix(root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Returns the imports between the modules in these files: paths relative to `src`, and texts.
pub(crate) fn of_files(files: &[(&Path, &str)]) -> Vec<Import> {
    let mut source = Source::default();
    for (file, text) in files {
        if let Some(module) = module_of(file) {
            source.modules.extend((0..=module.len()).map(|length| module[..length].to_vec()));
            source.read(file, module, &tokens(text));
        }
    }
    source.imports()
}

/// Returns the module that a file holds; `None` for tests and for the roots of other crates.
fn module_of(file: &Path) -> Option<Module> {
    let mut module: Module =
        file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.iter().any(|part| part == "tests") || module[0] == "bin" {
        return None;
    }
    let last = module.last().unwrap();
    if last == "mod" || (module.len() == 1 && matches!(last.as_str(), "lib" | "main")) {
        module.pop();
    }
    Some(module)
}

impl Source {
    fn read(&mut self, file: &Path, root: Module, tokens: &[(usize, &str)]) {
        let text = |at: usize| tokens.get(at).map_or("", |(_, text)| *text);
        // The modules that are open, each with the depth of braces at which it ends.
        let mut open = vec![(0, root)];
        let (mut at, mut depth) = (0, 0);
        while at < tokens.len() {
            let module = &open.last().unwrap().1;
            match text(at) {
                "#" if is_test_only(tokens, at) => {
                    let (item, end) = attributed_item(tokens, at);
                    if text(item) == "mod" {
                        self.test_modules.insert(child(module, text(item + 1)));
                    }
                    at = end;
                    continue;
                }
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if open.len() > 1 && open.last().unwrap().0 == depth {
                        open.pop();
                    }
                }
                "mod" if text(at + 2) == "{" => {
                    let inline = child(module, text(at + 1));
                    self.modules.insert(inline.clone());
                    open.push((depth, inline));
                }
                "use" if text(at + 1) != "<" => {
                    at = self.read_use(file, module, tokens, at + 1, &[]);
                    continue;
                }
                first if is_name(first) && text(at + 1) == "::" => {
                    let (from, line, mut path) = (module.clone(), tokens[at].0, vec![first.to_owned()]);
                    while text(at + 1) == "::" && is_name(text(at + 2)) {
                        path.push(text(at + 2).to_owned());
                        at += 2;
                    }
                    self.references.push(Reference { from, path, file: file.to_owned(), line });
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads one branch of a `use` tree, which begins at the token `at`, below `prefix`. Returns where it ends.
    fn read_use(
        &mut self,
        file: &Path,
        module: &Module,
        tokens: &[(usize, &str)],
        mut at: usize,
        prefix: &[&str],
    ) -> usize {
        let text = |at: usize| tokens.get(at).map_or("", |(_, text)| *text);
        let line = tokens[at].0;
        let mut path = prefix.to_vec();
        loop {
            match text(at) {
                "{" => {
                    at += 1;
                    while text(at) != "}" {
                        at = self.read_use(file, module, tokens, at, &path);
                        at += usize::from(text(at) == ",");
                    }
                    return at + 1;
                }
                "::" => {}
                "self" if !path.is_empty() => {}
                name if is_name(name) && name != "as" => path.push(name),
                _ => break,
            }
            at += 1;
        }
        let mut name = path.last().copied().unwrap_or_default();
        match text(at) {
            "as" => {
                name = text(at + 1);
                at += 2;
            }
            "*" => {
                name = "*";
                at += 1;
            }
            _ => {}
        }
        let path: Vec<_> = path.into_iter().map(str::to_owned).collect();
        self.names.insert((module.clone(), name.to_owned()), path.clone());
        self.references.push(Reference { from: module.clone(), path, file: file.to_owned(), line });
        at
    }

    fn imports(&self) -> Vec<Import> {
        let is_for_tests =
            |module: &Module| (1..=module.len()).any(|length| self.test_modules.contains(&module[..length]));
        let mut imports = Vec::new();
        for Reference { from, path, file, line } in &self.references {
            if !is_for_tests(from) {
                let mut targets = Vec::new();
                self.resolve(from, path, &mut targets, 0);
                imports.extend(targets.into_iter().map(|to| Import {
                    from: from.clone(),
                    to,
                    file: file.clone(),
                    line: *line,
                }));
            }
        }
        imports
    }

    /// Adds the modules that a path leads to: the one that it names and, where that one re-exports the name, those from which
    /// it does.
    fn resolve(&self, from: &Module, path: &[String], targets: &mut Vec<Module>, depth: usize) {
        let Some((mut module, mut rest)) = self.start(from, path) else { return };
        while let Some((first, behind)) = rest.split_first()
            && self.modules.contains(&child(&module, first))
        {
            module.push(first.clone());
            rest = behind;
        }
        if let Some((first, behind)) = rest.split_first()
            && let Some(path) = self.names.get(&(module.clone(), first.clone()))
            && depth < 16
        {
            let path: Vec<_> = path.iter().chain(behind).cloned().collect();
            self.resolve(&module, &path, targets, depth + 1);
        }
        targets.push(module);
    }

    /// Returns the module in which the first names of a path are looked up, and the other names; `None` for other crates.
    fn start<'a>(&self, from: &Module, path: &'a [String]) -> Option<(Module, &'a [String])> {
        let (first, mut rest) = path.split_first()?;
        let mut module = from.clone();
        match first.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                module.pop();
                while let Some((first, behind)) = rest.split_first()
                    && first == "super"
                {
                    module.pop();
                    rest = behind;
                }
            }
            // A name that the module imports stands for the path of its `use` item, unless that item is this very path.
            name if self.modules.contains(&child(from, name)) => rest = path,
            name if self
                .names
                .get(&(from.clone(), name.to_owned()))
                .is_some_and(|known| known[0] != name) =>
            {
                rest = path;
            }
            _ => return None,
        }
        Some((module, rest))
    }
}

fn child(module: &[String], name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Reports whether the attribute at `at` is a `#[cfg(…)]` that only tests satisfy.
fn is_test_only(tokens: &[(usize, &str)], at: usize) -> bool {
    let attribute: Vec<_> =
        tokens[at..].iter().map(|(_, text)| *text).take_while(|text| *text != "]").collect();
    attribute.starts_with(&["#", "[", "cfg"]) && attribute.contains(&"test") && !attribute.contains(&"not")
}

/// Returns the tokens at which the item behind the attribute at `at` begins, visibility left out, and ends.
fn attributed_item(tokens: &[(usize, &str)], mut at: usize) -> (usize, usize) {
    let text = |at: usize| tokens.get(at).map_or("", |(_, text)| *text);
    loop {
        match text(at) {
            "#" => at = closing(tokens, at + 1),
            "pub" => {}
            "(" => at = closing(tokens, at),
            _ => break,
        }
        at += 1;
    }
    let item = at;
    while at < tokens.len() {
        match text(at) {
            ";" => return (item, at + 1),
            "{" if text(item) != "use" => return (item, closing(tokens, at) + 1),
            "(" | "[" | "{" => at = closing(tokens, at),
            _ => {}
        }
        at += 1;
    }
    (item, at)
}

/// Returns where the bracket that opens at `at` is closed.
fn closing(tokens: &[(usize, &str)], at: usize) -> usize {
    let mut depth = 0;
    for (index, (_, text)) in tokens.iter().enumerate().skip(at) {
        match *text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

/// Splits source text into names, `::` and single characters, each with its line. Comments, literals and lifetimes are
/// left out.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '"' => string(rest),
            '\'' => character_or_lifetime(rest),
            _ if raw_string(rest).is_some() => raw_string(rest).unwrap(),
            ':' if rest.starts_with("::") => {
                tokens.push((line, "::"));
                2
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let length = rest
                    .find(|character: char| !character.is_alphanumeric() && character != '_')
                    .unwrap_or(rest.len());
                tokens.push((line, &rest[..length]));
                length
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push((line, &rest[..first.len_utf8()]));
                }
                first.len_utf8()
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            [] => return at,
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            byte => escaped = byte == b'\\' && !escaped,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let text = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", &start[..hashes]);
    Some(rest.len() - text.len() + text.find(&end)? + end.len())
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => 3 + rest[3..].find('\'').unwrap_or(0),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            // A lifetime: its name is a token that means nothing here.
            _ => 1,
        },
        None => 1,
    }
}
