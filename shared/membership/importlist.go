package membership

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
)

// ImportRowQuery asks for one page of an import's rows, in the order of the file.
type ImportRowQuery struct {
	Class  ImportClass  // "" is every class
	Result ImportResult // "" is every result
	Page   PageRequest
}

// Rows returns one page of the rows that are checked so far. With a class or a result, a page can be shorter than asked
// for and still have a next one. Errors: ErrNotFound, ErrForbidden, Invalid.
func (is Imports) Rows(ctx context.Context, c Call, importID string, q ImportRowQuery) (Page[ImportRow], error) {
	if q.Class != "" && !slices.Contains(ImportClasses(), q.Class) {
		return Page[ImportRow]{}, InvalidField("class", "invalid_choice", "There is no such class of rows.")
	}
	if q.Result != "" && !slices.Contains(ImportResults(), q.Result) {
		return Page[ImportRow]{}, InvalidField("result", "invalid_choice", "There is no such result.")
	}
	i, _, err := is.look(ctx, c, importID)
	if err != nil {
		return Page[ImportRow]{}, err
	}
	at, _ := strconv.Atoi(q.Page.Position) // the first row to look at; backwards, the first not to look at
	rows := i.parts.rows()
	step, end := 1, rows
	if q.Page.Backward {
		at, step, end = min(at, rows)-1, -1, -1
	}
	var (
		found  []ImportRow
		loaded []ImportRow
		part   = -1
		looked = 0
		first  = at
	)
	for ; step > 0 && at < end || step < 0 && at > end; at += step {
		p := at / importPart
		if p >= len(i.parts) || p < 0 {
			break
		}
		if q.Class != "" && i.parts[p].count(q.Class) == 0 { // nothing for this page in the whole part
			at = partEdge(p, step)
			continue
		}
		if p != part {
			if looked == importLook {
				break
			}
			if loaded, err = is.part(ctx, i, p); err != nil {
				return Page[ImportRow]{}, err
			}
			part, looked = p, looked+1
		}
		n := at % importPart
		if n >= len(loaded) {
			continue
		}
		row := loaded[n]
		row.Number = at + 1
		if q.Class != "" && row.Class != q.Class || q.Result != "" && row.Result != q.Result {
			continue
		}
		if len(found) == q.Page.Limit {
			break
		}
		found = append(found, row)
	}
	page := Page[ImportRow]{Items: found}
	more := step > 0 && at < end || step < 0 && at > end
	if q.Page.Backward {
		slices.Reverse(page.Items)
		if more {
			page.Prev = strconv.Itoa(at + 1)
		}
		if first+1 < rows {
			page.Next = strconv.Itoa(first + 1)
		}
		return page, nil
	}
	if more {
		page.Next = strconv.Itoa(at)
	}
	if first > 0 {
		page.Prev = strconv.Itoa(first)
	}
	return page, nil
}

// partEdge returns the last row of a part in the direction of reading.
func partEdge(part, step int) int {
	if step < 0 {
		return part * importPart
	}
	return (part+1)*importPart - 1
}

// part reads one file of rows. Rows that the import has passed because there was nothing to do get their result here.
func (is Imports) part(ctx context.Context, i Import, n int) ([]ImportRow, error) {
	data, err := is.Files.Get(ctx, i.Ref(), i.parts[n].name(n))
	if err != nil {
		return nil, err
	}
	var rows []ImportRow
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, err
	}
	for at := range rows {
		if i.Stage == ImportConfirmed && n*importPart+at < i.Progress {
			rows[at].settle(i.Update)
		}
	}
	return rows, nil
}
