package api

import "clientele/shared/membership"

// BatchResultFor says what became of each row of a batch, and how many are ok.
func BatchResultFor(results []membership.RowResult) (BatchResult, int) {
	answer, ok := BatchResult{Results: make([]RowResult, len(results))}, 0
	for i, result := range results {
		row := RowResult{Index: result.Index, Status: RowResultStatusOk}
		if e := result.Err; e != nil {
			row.Status, row.Code, row.Message = RowResultStatusError, &e.Code, &e.Message
			if e.Field != "" {
				row.Field = &e.Field
			}
		} else {
			row.ID = &result.ID
			ok++
		}
		answer.Results[i] = row
	}
	return answer, ok
}
