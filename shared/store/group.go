package store

import "clientele/shared/membership"

func groupItem(g membership.Group) item {
	i := newItem(groupKey(g.ID), entityGroup)
	i.setStr("facet", groupsFacet)
	i.setStr("byName", sortable(membership.FoldName(g.Name)))
	i.setStr(rowAttribute, groupColumns(g))
	i.setStr("id", g.ID)
	i.setStr("name", g.Name)
	i.setStr("description", g.Description)
	i.setBool("active", g.Active)
	i.setTime("createdAt", g.CreatedAt)
	i.setInt("version", g.Version)
	return i
}

func groupFrom(i item) membership.Group {
	return membership.Group{ID: i.str("id"), Name: i.str("name"), Description: i.str("description"), Active: i.bool("active"),
		CreatedAt: i.time("createdAt"), Version: i.int("version")}
}

// activeGroup holds while a group exists, is active, and is not being deleted.
func activeGroup() condition {
	return condition{expression: "active = :yes AND attribute_not_exists(closingBy)", values: item{":yes": yes()}}
}
