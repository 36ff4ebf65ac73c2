//! The attribute on many functions at once: those of an `impl` or `trait` block,
//! or of an inline module and what is in it.
//!
//! A function that has the attribute itself is left to that one, which may say
//! `skip`. One that cannot be profiled gets an error, and the others their
//! probes.

use syn::punctuated::Punctuated;
use syn::{
    Attribute, ImplItem, Item, ItemImpl, ItemMod, ItemTrait, Meta, Path, Result, Token, TraitItem,
};

use super::{Errors, Function};
use crate::attr::{self, Options};

/// Profiles the functions of an `impl` block.
pub(super) fn in_impl(item: &mut ItemImpl, options: &Options) -> Result<Errors> {
    options.check_for_many()?;
    let mut errors = Errors::default();
    impl_items(item, options, &mut errors);
    Ok(errors)
}

/// Profiles the functions of a `trait` block that have a body.
pub(super) fn in_trait(item: &mut ItemTrait, options: &Options) -> Result<Errors> {
    options.check_for_many()?;
    let mut errors = Errors::default();
    trait_items(item, options, &mut errors);
    Ok(errors)
}

/// Profiles the functions of a module, and of the blocks and modules in it.
pub(super) fn in_module(item: &mut ItemMod, options: &Options) -> Result<Errors> {
    options.check_for_many()?;
    let mut errors = Errors::default();
    module_items(item, options, &mut errors);
    Ok(errors)
}

fn impl_items(item: &mut ItemImpl, options: &Options, errors: &mut Errors) {
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            let function = Function {
                attributes: &method.attrs,
                visibility: Some(&method.vis),
                signature: &mut method.sig,
                body: &mut method.block,
            };
            one(function, options, errors);
        }
    }
}

fn trait_items(item: &mut ItemTrait, options: &Options, errors: &mut Errors) {
    for item in &mut item.items {
        if let TraitItem::Fn(method) = item
            && let Some(body) = &mut method.default
        {
            let function = Function {
                attributes: &method.attrs,
                visibility: None,
                signature: &mut method.sig,
                body,
            };
            one(function, options, errors);
        }
    }
}

fn module_items(module: &mut ItemMod, options: &Options, errors: &mut Errors) {
    let Some((_, items)) = &mut module.content else {
        return;
    };
    for item in items {
        match item {
            Item::Fn(function) => one(Function::of(function), options, errors),
            Item::Impl(item) if !is_marked(&item.attrs) => impl_items(item, options, errors),
            Item::Trait(item) if !is_marked(&item.attrs) => trait_items(item, options, errors),
            Item::Mod(item) if !is_marked(&item.attrs) => module_items(item, options, errors),
            _ => {}
        }
    }
}

fn one(function: Function<'_>, options: &Options, errors: &mut Errors) {
    if is_marked(function.attributes) {
        return;
    }
    match attr::check(function.signature, function.body) {
        Ok(()) => function.profile(None, options),
        Err(error) => errors.push(error),
    }
}

/// Returns whether the attribute is among `attributes`, by its own name, on some
/// condition or on none. Under another name it cannot be known.
fn is_marked(attributes: &[Attribute]) -> bool {
    let is_ours = |path: &Path| path.segments.last().is_some_and(|last| last.ident == "profile");
    attributes.iter().any(|attribute| {
        if !attribute.path().is_ident("cfg_attr") {
            return is_ours(attribute.path());
        }
        let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        metas.is_ok_and(|metas| metas.iter().skip(1).any(|meta| is_ours(meta.path())))
    })
}
