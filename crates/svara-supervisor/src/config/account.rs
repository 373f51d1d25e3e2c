//! The account that a program runs as.

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use super::{field::Fields, file, types::Account};

/// Looks up the account, so that an unknown name is reported before anything starts. `None` means ours.
pub(super) fn account(program: &file::Program, fields: &mut Fields<'_>) -> Option<Account> {
    if program.user.is_none() && program.group.is_none() {
        return None;
    }
    let name = fields.text("user", program.user.as_deref().unwrap_or_default());
    let user = match name.parse::<u32>() {
        _ if name.is_empty() => User::from_uid(Uid::current()),
        Ok(id) => User::from_uid(Uid::from_raw(id)),
        Err(_) => User::from_name(&name),
    };
    let Ok(Some(user)) = user else {
        fields.fault("user", format!("there is no user `{name}`"));
        return None;
    };
    let mut gid = user.gid;
    if let Some(group) = &program.group {
        let group = fields.text("group", group);
        let found = match group.parse::<u32>() {
            Ok(id) => Group::from_gid(Gid::from_raw(id)),
            Err(_) => Group::from_name(&group),
        };
        match found {
            Ok(Some(found)) => gid = found.gid,
            _ => fields.fault("group", format!("there is no group `{group}`")),
        }
    }
    let own = (Uid::effective(), Gid::effective());
    if (user.uid, gid) == own {
        return None;
    }
    if !own.0.is_root() {
        fields.fault("user", format!("only root can run programs as a user other than `{}`", own.0));
        return None;
    }
    let groups = std::ffi::CString::new(user.name).ok().and_then(|name| getgrouplist(&name, gid).ok());
    let groups = groups.unwrap_or_else(|| vec![gid]).into_iter().map(Gid::as_raw).collect();
    Some(Account { uid: user.uid.as_raw(), gid: gid.as_raw(), groups })
}
