//! Finds modules of one parent that import each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use super::imports::{Import, Module};

/// For each module, the siblings that it imports, each with the first place in the source.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Import>>;

/// Siblings each of which imports each other one, directly or through others of them.
#[derive(Debug)]
pub(crate) struct Circle<'a> {
    pub(crate) parent: &'a [String],
    pub(crate) members: BTreeSet<&'a str>,
    /// The shortest way round: importer, imported, place.
    steps: Vec<(&'a str, &'a str, &'a Import)>,
}

/// Returns the circles among these imports. An import of something inside a sibling is an import of that sibling; imports
/// between a module and one that contains it do not count.
pub(crate) fn circles(imports: &[Import]) -> Vec<Circle<'_>> {
    let mut graphs = BTreeMap::<&[String], Graph<'_>>::new();
    for import in imports {
        if let Some((parent, from, to)) = siblings(&import.from, &import.to) {
            graphs.entry(parent).or_default().entry(from).or_default().entry(to).or_insert(import);
        }
    }
    graphs.iter().flat_map(|(parent, graph)| circles_in(parent, graph)).collect()
}

/// Returns the parent below which two modules part, and their names there; `None` where one contains the other.
fn siblings<'a>(from: &'a Module, to: &'a Module) -> Option<(&'a [String], &'a str, &'a str)> {
    let common = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    Some((&from[..common], from.get(common)?, to.get(common)?))
}

fn circles_in<'a>(parent: &'a [String], graph: &Graph<'a>) -> Vec<Circle<'a>> {
    let ways: BTreeMap<_, _> = graph.keys().map(|start| (*start, ways_from(graph, start))).collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::<&str>::new();
    for (start, reached) in &ways {
        if !reached.contains_key(start) || seen.contains(start) {
            continue;
        }
        let leads_back = |name: &&str| ways.get(name).is_some_and(|reached| reached.contains_key(start));
        let members: BTreeSet<_> = reached.keys().copied().filter(leads_back).collect();
        seen.extend(&members);
        let around = members.iter().map(|member| ways[member][member].clone());
        circles.push(Circle { parent, steps: around.min_by_key(Vec::len).unwrap(), members });
    }
    circles
}

/// Returns the modules that can be reached from `start`, each with the shortest way there.
fn ways_from<'a>(
    graph: &Graph<'a>,
    start: &'a str,
) -> BTreeMap<&'a str, Vec<(&'a str, &'a str, &'a Import)>> {
    let mut ways = BTreeMap::new();
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some((from, way)) = queue.pop_front() {
        for (to, import) in graph.get(from).into_iter().flatten() {
            if !ways.contains_key(to) {
                let mut way = way.clone();
                way.push((from, *to, *import));
                ways.insert(*to, way.clone());
                queue.push_back((to, way));
            }
        }
    }
    ways
}

impl fmt::Display for Circle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place =
            if self.parent.is_empty() { "the crate's root".to_owned() } else { self.parent.join("::") };
        let members: Vec<_> = self.members.iter().copied().collect();
        write!(f, "in {place}: {}", members.join(", "))?;
        for (from, to, Import { file, line, .. }) in &self.steps {
            write!(f, "\n    {from} imports {to} at src/{}:{line}", file.display())?;
        }
        Ok(())
    }
}
