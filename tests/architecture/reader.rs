//! What a source file names: paths, macros, `unsafe`. Tests in it are passed over.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, UseTree};

/// A module of the library and what it names.
pub(crate) struct Module {
    /// Its path below `src/`.
    pub(crate) file: String,
    /// Its place, without `crate`.
    place: Vec<String>,
    /// The paths in it, from `crate` or a crate's name on.
    pub(crate) paths: BTreeSet<String>,
    /// The macros that are called in it.
    pub(crate) macros: BTreeSet<String>,
    pub(crate) is_unsafe: bool,
    /// The modules that it declares.
    inner: BTreeSet<String>,
    /// What `use` brought in, under its name here.
    names: BTreeMap<String, Vec<String>>,
}

impl Module {
    /// Reads a file.
    pub(crate) fn read(file: &str, text: &str) -> Self {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let steps = file.trim_end_matches(".rs").split('/').filter(|step| *step != "lib");
        let mut module = Self {
            file: file.to_owned(),
            place: steps.map(str::to_owned).collect(),
            paths: BTreeSet::new(),
            macros: BTreeSet::new(),
            is_unsafe: false,
            inner: inner_modules(&syntax),
            names: BTreeMap::new(),
        };
        let place = module.place.clone();
        Uses { module: &mut module, place: place.clone() }.visit_file(&syntax);
        Names { module: &mut module, place }.visit_file(&syntax);
        module
    }

    /// The module of the library that it is or belongs to; none for the root.
    pub(crate) fn top(&self) -> &str {
        self.place.first().map_or("", String::as_str)
    }

    /// The sub-module of that module that it is or belongs to; none for the module itself.
    pub(crate) fn sub(&self) -> &str {
        self.place.get(1).map_or("", String::as_str)
    }

    pub(crate) fn is_root_of(&self, top: &str) -> bool {
        self.place == [top]
    }

    /// The paths of the library that it names, without `crate`.
    pub(crate) fn ours(&self) -> impl Iterator<Item = Vec<&str>> {
        let ours = self.paths.iter().filter_map(|path| path.strip_prefix("crate::"));
        ours.map(|path| path.split("::").collect())
    }

    /// The sub-module from which this module has a name.
    pub(crate) fn home_of<'n>(&'n self, name: &'n str) -> &'n str {
        let home = self.names.get(name).filter(|path| path.len() > 2 && path[1] == self.place[0]);
        home.map_or(name, |path| path[2].as_str())
    }

    fn add(&mut self, path: &[String]) {
        self.paths.insert(path.join("::"));
    }
}

/// A path as seen from the crate's root, if it begins with `self`, `super` or a module of `inner`.
fn absolute(path: &[String], place: &[String], inner: &BTreeSet<String>) -> Vec<String> {
    let relative = path[0] == "self" || path[0] == "super" || inner.contains(&path[0]);
    if !relative {
        return path.to_vec();
    }
    let mut whole = vec!["crate".to_owned()];
    whole.extend_from_slice(place);
    for step in path {
        match step.as_str() {
            "self" => {}
            "super" => drop(whole.pop()),
            _ => whole.push(step.clone()),
        }
    }
    whole
}

/// The modules that a file declares.
fn inner_modules(file: &syn::File) -> BTreeSet<String> {
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(item) if !is_for_tests(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Visits the inside of an inline module with its place.
macro_rules! inline_modules {
    () => {
        fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
            if !is_for_tests(&item.attrs) {
                self.place.push(item.ident.to_string());
                visit::visit_item_mod(self, item);
                self.place.pop();
            }
        }
    };
}

/// First, what `use` brings in.
struct Uses<'m> {
    module: &'m mut Module,
    place: Vec<String>,
}

impl<'ast> Visit<'ast> for Uses<'_> {
    inline_modules!();

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.tree(&item.tree, &mut Vec::new());
        }
    }
}

impl Uses<'_> {
    fn tree(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
                before.pop();
            }
            UseTree::Name(name) => self.leaf(before, &name.ident.to_string(), None),
            UseTree::Rename(rename) => {
                let name = rename.rename.to_string();
                self.leaf(before, &rename.ident.to_string(), Some(name));
            }
            UseTree::Glob(_) => self.leaf(before, "*", None),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.tree(tree, before));
            }
        }
    }

    fn leaf(&mut self, before: &[String], last: &str, name: Option<String>) {
        let path: Vec<_> = before.iter().cloned().chain([last.to_owned()]).collect();
        let mut path = absolute(&path, &self.place, &self.module.inner);
        if path.last().is_some_and(|step| step == "self") {
            path.pop();
        }
        self.module.add(&path);
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        self.module.names.insert(name, path);
    }
}

/// Then everything that is named, with the names that `use` gave resolved.
struct Names<'m> {
    module: &'m mut Module,
    place: Vec<String>,
}

impl<'ast> Visit<'ast> for Names<'_> {
    inline_modules!();

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let steps: Vec<_> = path.segments.iter().map(|step| step.ident.to_string()).collect();
        self.path(&steps);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|step| step.ident.to_string());
        self.module.macros.extend(name);
        self.tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.module.is_unsafe = true;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.module.is_unsafe |= signature.unsafety.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.module.is_unsafe |= item.unsafety.is_some();
        visit::visit_item_impl(self, item);
    }
}

impl Names<'_> {
    fn path(&mut self, steps: &[String]) {
        let [first, rest @ ..] = steps else { return };
        let path = match self.module.names.get(first) {
            Some(used) => used.iter().chain(rest).cloned().collect(),
            None => absolute(steps, &self.place, &self.module.inner),
        };
        if path.len() > 1 {
            self.module.add(&path);
        }
    }

    /// What a macro is given is no syntax tree; paths and calls of macros show in its text.
    fn tokens(&mut self, text: &str) {
        let text = text.replace(" :: ", "::").replace(":: ", "::").replace(" ::", "::");
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for word in text.split(|c| !is_path(c)) {
            let word = word.trim_matches(':');
            if word.contains("::") {
                self.path(&word.split("::").map(str::to_owned).collect::<Vec<_>>());
            }
        }
        for (at, _) in text.match_indices('!') {
            let before = text[..at].trim_end();
            let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
            self.module.macros.extend(name.map(str::to_owned));
        }
        self.module.is_unsafe |= text.split(|c| !is_path(c)).any(|word| word == "unsafe");
    }
}
