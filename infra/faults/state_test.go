package faults_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/store/storetest"
)

// item is one item of the table.
type item map[string]types.AttributeValue

func (i item) key() string { return i.str("pk") + "|" + i.str("sk") }

func (i item) str(name string) string {
	switch v := i[name].(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return "true"
		}
	}
	return ""
}

func (i item) list(name string) []string {
	var out []string
	if l, ok := i[name].(*types.AttributeValueMemberL); ok {
		for _, v := range l.Value {
			out = append(out, item{"x": v}.str("x"))
		}
	}
	return out
}

func plain(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return json.Number(v.Value)
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberM:
		m := map[string]any{}
		for k, x := range v.Value {
			m[k] = plain(x)
		}
		return m
	case *types.AttributeValueMemberL:
		l := make([]any, len(v.Value))
		for n, x := range v.Value {
			l[n] = plain(x)
		}
		return l
	}
	return nil
}

func (i item) text() string {
	m := map[string]any{}
	for k, v := range i {
		m[k] = plain(v)
	}
	b, _ := json.Marshal(m) // strings, numbers, maps and lists of them cannot fail
	return string(b)
}

// items reads the whole table, past the faults.
func (w *world) items() []item {
	w.t.Helper()
	all, err := storetest.Items(w.ctx, w.plain, w.name)
	w.must(err)
	items := make([]item, len(all))
	for n, i := range all {
		items[n] = i
	}
	return items
}

// What may differ between two runs of the same thing: ids, times, the days and months in keys, and the shard of an id.
var (
	anID     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aTime    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	aDay     = regexp.MustCompile(`\d{4}-\d\d-\d\d`)
	aMonth   = regexp.MustCompile(`AUDIT#\d{4}-\d\d`)
	aShard   = regexp.MustCompile(`"due":"([A-Z]+)#\d"`)
	aNumber  = regexp.MustCompile(`:\d+([,}])`)
	aToken   = regexp.MustCompile(`"(Access|Refresh|Session)":"[^"]+"`)
	aMessage = regexp.MustCompile(`"messageId":"[^"]+"`)
	aVersion = regexp.MustCompile(`"linkVersion":"\d+"`)
	// The name of a file with rows of an import, and what is counted in it: the name is the version of the job that
	// wrote it.
	aPart = regexp.MustCompile(`\[\d+((?:,\d+){5})\]`)
	// In the packed columns of rows.
	aShortID = regexp.MustCompile(`^[A-Za-z0-9_-]{22}(,[A-Za-z0-9_-]{22})*$`)
	aDigit   = regexp.MustCompile(`^\d+$`)
)

func normal(s string) string {
	s = aToken.ReplaceAllString(s, `"$1":"…"`)
	s = anID.ReplaceAllString(s, "ID")
	s = aTime.ReplaceAllString(s, "TIME")
	s = aDay.ReplaceAllString(s, "DAY")
	s = aMonth.ReplaceAllString(s, "AUDIT#MONTH")
	s = aShard.ReplaceAllString(s, `"due":"$1"`)
	s = aMessage.ReplaceAllString(s, `"messageId":"M"`)
	s = aVersion.ReplaceAllString(s, `"linkVersion":"N"`)
	s = aPart.ReplaceAllString(s, `[N$1]`)
	return aNumber.ReplaceAllString(s, ":N$1")
}

// portrait returns a state without what may differ between two runs: one line per item, sorted. It leaves out
// throttles: a repeated request is another event.
func portrait(items []item) []string {
	var lines []string
	for _, i := range items {
		if i.str("entity") == "throttle" {
			continue
		}
		if i["d"] != nil {
			i = maps.Clone(i)
			i["d"] = &types.AttributeValueMemberS{Value: normalColumns(i.str("d"))}
		}
		lines = append(lines, normal(i.text()))
	}
	sort.Strings(lines)
	return lines
}

// normalColumns is normal for the packed columns of a row: ids of 22 letters, times as seconds in base 36, versions.
func normalColumns(d string) string {
	columns := strings.Split(d, "\x1f")
	for n, c := range columns {
		seconds, err := strconv.ParseInt(c, 36, 64)
		switch at := time.Unix(seconds, 0); {
		case aShortID.MatchString(c):
			columns[n] = "ID"
		case aDigit.MatchString(c):
			columns[n] = "N"
		case err == nil && at.Year() >= 2020 && at.Year() < 2100:
			columns[n] = "TIME"
		}
	}
	return strings.Join(columns, "|")
}

// difference returns what either portrait has and the other has not, or "" when they are equal.
func difference(got, want []string) string {
	var b strings.Builder
	left := slices.Clone(want)
	for _, g := range got {
		if at := slices.Index(left, g); at >= 0 {
			left = slices.Delete(left, at, at+1)
			continue
		}
		b.WriteString("\n  more: " + g)
	}
	for _, l := range left {
		b.WriteString("\n  less: " + l)
	}
	return b.String()
}
