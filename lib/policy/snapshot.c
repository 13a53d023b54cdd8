/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/snapshot.h"

#include "base/escape.h"

int snapshot_order(struct text a, struct text b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common > 0 ? memcmp(a.at, b.at, common) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int64_t snapshot_policy_labelled(const struct snapshot *s, struct text label)
{
	const uint32_t *labels = snap_at(s, s->labels);
	uint32_t from = 0, to = s->labels.count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		int order = snapshot_order(label, snap_text(s, snap_policy(s, labels[middle])->name));
		if (order == 0)
			return labels[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return -1;
}

static size_t put(char *to, size_t cap, size_t len, struct text t)
{
	size_t n = t.len < cap - len ? t.len : cap - len;

	if (n > 0)
		memcpy(to + len, t.at, n);
	return len + n;
}

size_t snapshot_policy_title(const struct snapshot *s, const struct snap_policy *p, char *to, size_t cap)
{
	size_t len = put(to, cap, 0, text_of(policy_kind_name[p->kind]));

	if (p->kind == POLICY_DEFAULT)
		return len;
	len = put(to, cap, len, text_of(" "));
	return put(to, cap, len, snap_text(s, p->name));
}

void snapshot_place(const struct snapshot *s, struct snap_place place, char *to, size_t cap)
{
	struct line l;

	line_start(&l, to, cap);
	if (place.line == 0) {
		line_str(&l, "built-in");
		return;
	}
	line_plain(&l, snap_item(s, s->files, place.file));
	line_format(&l, ":%u", place.line);
}
