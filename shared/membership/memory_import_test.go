package membership_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"clientele/shared/files"
	"clientele/shared/membership"
)

// importTable is memory with what imports and their jobs need besides.
type importTable struct {
	*memory
	imports map[string]membership.Import
}

func (t *importTable) Import(_ context.Context, r membership.Reach, id string) (membership.Import, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.imports[id]
	if !ok || !r.Includes(i.CustomerID) {
		return membership.Import{}, membership.ErrNotFound
	}
	return i, nil
}

func (t *importTable) Imports(_ context.Context, q membership.ImportQuery) (membership.Page[membership.Import], error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var p membership.Page[membership.Import]
	for _, i := range t.imports {
		if i.By == q.By && i.ByCustomerID == q.ByCustomerID {
			p.Items = append(p.Items, i)
		}
	}
	slices.SortFunc(p.Items, func(a, b membership.Import) int { return strings.Compare(b.ID, a.ID) })
	return p, nil
}

func (t *importTable) JobsByID(_ context.Context, refs []membership.JobRef) (map[string]membership.Job, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	jobs := map[string]membership.Job{}
	for _, ref := range refs {
		for _, j := range t.jobs {
			if j.Ref() == ref {
				jobs[ref.ID] = j
			}
		}
	}
	return jobs, nil
}

// stored is an import as the table keeps it.
func stored(i membership.Import) membership.Import {
	return membership.Import{ID: i.ID, CustomerID: i.CustomerID, Company: i.Company, By: i.By, ByName: i.ByName, ByCustomerID: i.ByCustomerID, FileName: i.FileName, Role: i.Role,
		Language: i.Language, GroupIDs: i.GroupIDs, Separator: i.Separator, Stage: i.Stage, Update: i.Update, JobID: i.JobID, CreatedAt: i.CreatedAt,
		ExpiresAt: i.ExpiresAt, Version: i.Version}
}

func (t *importTable) CreateImport(_ context.Context, i membership.Import, tr membership.Trail) error {
	return t.writeImport("CreateImport", 0, i, tr)
}

func (t *importTable) ChangeImport(_ context.Context, before, after membership.Import, tr membership.Trail) error {
	return t.writeImport("ChangeImport", before.Version, after, tr)
}

func (t *importTable) writeImport(method string, version int, i membership.Import, tr membership.Trail) error {
	unlock, err := t.lock(method)
	if err != nil {
		return err
	}
	defer unlock()
	if t.imports[i.ID].Version != version {
		return membership.ErrStale
	}
	if err := t.trail(tr); err != nil {
		return err
	}
	t.imports[i.ID] = stored(i)
	return nil
}

func (t *importTable) DeleteImport(_ context.Context, i membership.Import, tr membership.Trail) error {
	unlock, err := t.lock("DeleteImport")
	if err != nil {
		return err
	}
	defer unlock()
	if t.imports[i.ID].Version != i.Version {
		return membership.ErrStale
	}
	delete(t.imports, i.ID)
	return t.trail(tr)
}

func (t *importTable) Records(_ context.Context, rows []membership.UserRow) (map[string]membership.User, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := map[string]membership.User{}
	for _, r := range rows {
		if u, ok := t.users[r.ID]; ok && u.CustomerID == r.CustomerID {
			found[r.ID] = u
		}
	}
	return found, nil
}

func (t *importTable) Job(_ context.Context, r membership.Reach, id string) (membership.Job, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.job(id); at >= 0 && r.Includes(t.jobs[at].CustomerID) {
		return t.jobs[at], nil
	}
	return membership.Job{}, membership.ErrNotFound
}

func (t *importTable) job(id string) int {
	return slices.IndexFunc(t.jobs, func(j membership.Job) bool { return j.ID == id })
}

func (t *importTable) ClaimJob(_ context.Context, ref membership.JobRef, now, until time.Time) (membership.Job, error) {
	unlock, err := t.lock("ClaimJob")
	if err != nil {
		return membership.Job{}, err
	}
	defer unlock()
	at := t.job(ref.ID)
	if at < 0 || t.jobs[at].Status.Ended() || t.jobs[at].DueAt.After(now) {
		return membership.Job{}, membership.ErrNotFound
	}
	j := &t.jobs[at]
	j.Status, j.DueAt = membership.JobRunning, until
	j.Attempts++
	j.Version++
	return *j, nil
}

func (t *importTable) SaveJob(_ context.Context, before, after membership.Job, tr membership.Trail) error {
	unlock, err := t.lock("SaveJob")
	if err != nil {
		return err
	}
	defer unlock()
	at := t.job(before.ID)
	if t.jobs[at].Version != before.Version {
		return membership.ErrStale
	}
	if err := t.trail(tr); err != nil {
		return err
	}
	after.Params = maps.Clone(after.Params)
	t.jobs[at] = after
	return nil
}

func (t *importTable) DueJobs(_ context.Context, now time.Time, _ int) ([]membership.JobRef, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var due []membership.JobRef
	for _, j := range t.jobs {
		if !j.Status.Ended() && !j.DueAt.After(now) {
			due = append(due, j.Ref())
		}
	}
	return due, nil
}

// shelf is the bucket; CSV is that of shared/files.
type shelf struct {
	files.Imports
	memory  *memory // breaks as the table does
	objects map[string][]byte
}

func objectName(ref membership.ImportRef, name string) string {
	return strings.Join([]string{ref.CustomerID, ref.UserID, ref.ImportID, name}, "/")
}

func (s *shelf) UploadForm(_ context.Context, ref membership.ImportRef, back string, expires time.Time) (membership.UploadForm, error) {
	return membership.UploadForm{URL: "https://bucket.example/" + objectName(ref, "upload"), Fields: map[string]string{"back": back}, ExpiresAt: expires}, nil
}

func (s *shelf) Uploaded(_ context.Context, ref membership.ImportRef) (bool, error) {
	return s.objects[objectName(ref, "upload")] != nil, nil
}

func (s *shelf) Upload(ctx context.Context, ref membership.ImportRef) ([]byte, error) {
	data, err := s.Get(ctx, ref, "upload")
	if len(data) > membership.MaxImportBytes {
		return nil, membership.InvalidField("file", "csv_too_large", "")
	}
	return data, err
}

func (s *shelf) Put(_ context.Context, ref membership.ImportRef, name string, data []byte) error {
	unlock, err := s.memory.lock("Put")
	if err != nil {
		return err
	}
	defer unlock()
	s.objects[objectName(ref, name)] = slices.Clone(data)
	return nil
}

func (s *shelf) Get(_ context.Context, ref membership.ImportRef, name string) ([]byte, error) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	data, ok := s.objects[objectName(ref, name)]
	if !ok {
		return nil, membership.ErrNotFound
	}
	return data, nil
}

func (s *shelf) Link(_ context.Context, ref membership.ImportRef, name, fileName string, lifetime time.Duration) (string, error) {
	return "https://bucket.example/" + objectName(ref, name) + "?as=" + fileName + "&for=" + lifetime.String(), nil
}

func (s *shelf) Drop(_ context.Context, ref membership.ImportRef) error {
	maps.DeleteFunc(s.objects, func(name string, _ []byte) bool { return strings.HasPrefix(name, objectName(ref, "")) })
	return nil
}
