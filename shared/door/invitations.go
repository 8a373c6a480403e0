package door

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// invitationsPage is the list of invitations.
type invitationsPage struct {
	Frame         Frame
	Invite        *web.Action
	ResendExpired *web.Action // when the page shows an expired one
	Closed        bool        // the customer is deactivated
	Table         web.Table
	Live          bool // mails are on their way, so the page looks again
}

func (p People) invitations(w http.ResponseWriter, r *http.Request, at place) {
	d, actor := p.Door, Actor(r)
	list := d.Listing(r, nil)
	_, position := list.Sort()
	position.Ascending = false // the newest first
	var page membership.Page[membership.Invitation]
	customer, err := p.beside(r, at, func(ctx context.Context) (err error) {
		page, err = d.Invitations.List(ctx, d.Call(r), membership.InvitationQuery{CustomerID: at.customerID, Page: position})
		return err
	})
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	view := invitationsPage{Frame: p.Frame(r, customer, "invitations"), Invite: inviteAction(actor, customer, at), Closed: customer.Status != membership.CustomerActive}
	view.Table = web.Table{
		Caption: web.Text("people.invitations"),
		Columns: []web.Column{
			{Head: web.Text("field.email")}, {Head: web.Text("field.status")}, {Head: web.Text("field.role")}, {Head: web.Text("field.delivery")},
			{Head: web.Text("field.expiresAt")}, {Head: web.Text("field.invitedBy"), Kind: "minor"}, {Head: web.Text("table.actions"), Kind: "actions"},
		},
		Empty: &web.Empty{Title: web.Text("people.no_invitations"), Text: web.Text("people.no_invitations_text"), Action: view.Invite},
		Pager: list.Pager(page.Prev, page.Next),
	}
	once := d.Once()
	for _, i := range page.Items {
		view.Table.Rows = append(view.Table.Rows, invitationRow(actor, i, at, once))
		view.Live = view.Live || i.Status == membership.InvitationPending && i.Delivery == string(membership.MailQueued)
		if i.Status == membership.InvitationExpired && view.Invite != nil {
			view.ResendExpired = &web.Action{Label: web.Text("people.resend_expired"), URL: at.invitations() + "/resend-expired", Post: true}
		}
	}
	d.Pages.Render(w, r, http.StatusOK, "invitations", view)
}

func invitationRow(actor membership.Actor, i membership.Invitation, at place, once string) web.Row {
	who := web.Cell{Text: i.Email, Detail: membership.User{FirstName: i.FirstName, LastName: i.LastName}.DisplayName()}
	var delivery, expires web.Cell
	switch i.Status {
	case membership.InvitationPending, membership.InvitationExpired:
		delivery.Status, expires.Time = i.Delivery, i.ExpiresAt
	case membership.InvitationAccepted:
		who.URL = at.user(i.UserID, "")
	}
	by := web.Cell{Text: i.InvitedByName}
	if i.InvitedBy == "" {
		by.Word = web.Text("people.invited_by_deployment")
	}
	return web.Row{Quiet: len(invitationSteps(i.Status)) < 3, Cells: []web.Cell{
		who, {Status: string(i.Status)}, {Word: web.Word("role", i.Role)}, delivery, expires, by, {Actions: invitationActions(actor, i, at, once)},
	}}
}

// invitationSteps returns what can be done with an invitation; membership.Invitations refuses everything else. An
// accepted one is kept with its user; of one that has ended only the record is left.
func invitationSteps(s membership.InvitationStatus) []string {
	switch s {
	case membership.InvitationPending, membership.InvitationExpired:
		return []string{"resend", "revoke", "delete"}
	case membership.InvitationDeclined, membership.InvitationRevoked:
		return []string{"delete"}
	}
	return nil
}

func invitationActions(actor membership.Actor, i membership.Invitation, at place, once string) []web.Action {
	if !actor.May(membership.Invite, i.CustomerID, i.Role) {
		return nil
	}
	var actions []web.Action
	for _, step := range invitationSteps(i.Status) {
		a := web.Action{URL: at.invitation(i.ID, step), About: i.Email}
		switch step {
		case "resend":
			a.Label, a.Post, a.Fields = web.Text("people.resend"), true, map[string]string{onceField: once}
		case "revoke":
			a.Label = web.Text("people.revoke")
		case "delete":
			a.Label, a.Kind = web.Text("people.delete"), "danger"
		}
		actions = append(actions, a)
	}
	return actions
}

// readInvitation returns the invitation in the address; another customer's does not exist here.
func (p People) readInvitation(r *http.Request, at place) (membership.Invitation, error) {
	id, err := httpapi.PathID(r, "invitationId")
	if err != nil {
		return membership.Invitation{}, err
	}
	i, err := p.Door.Invitations.Get(r.Context(), p.Door.Call(r), id)
	if err == nil && i.CustomerID != at.customerID {
		return membership.Invitation{}, membership.ErrNotFound
	}
	return i, err
}

func (p People) resend(w http.ResponseWriter, r *http.Request, at place) {
	p.act(w, r, at, "notice.invitation_resent", func(ctx context.Context, c membership.Call, id string) error {
		_, err := p.Door.Invitations.Resend(ctx, c, id)
		return err
	})
}

// resendTime is how long one click keeps resending page after page; with more expired invitations, people click again.
// It leaves the function (15 s) time to finish the page that it is at.
const resendTime = 8 * time.Second

func (p People) resendExpired(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	began, resent, position := d.Now(), 0, ""
	for {
		results, next, err := d.Invitations.ResendExpired(r.Context(), d.Call(r), at.customerID, position)
		if err != nil {
			d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.back_to_invitations"), URL: at.invitations(), Kind: "primary"})
			return
		}
		for _, one := range results {
			if one.Err == nil {
				resent++
			}
		}
		if position = next; next == "" || d.Now().Sub(began) > resendTime {
			break
		}
	}
	switch {
	case position != "":
		web.Notify(w, "warning", "notice.expired_resent_partly", "count", strconv.Itoa(resent))
	case resent == 0:
		web.Notify(w, "info", "notice.nothing_expired")
	default:
		web.Notify(w, "success", "notice.expired_resent", "count", strconv.Itoa(resent))
	}
	http.Redirect(w, r, at.invitations(), http.StatusSeeOther)
}

func (p People) revoke(w http.ResponseWriter, r *http.Request, at place) {
	p.act(w, r, at, "notice.invitation_revoked", func(ctx context.Context, c membership.Call, id string) error {
		_, err := p.Door.Invitations.Revoke(ctx, c, id)
		return err
	})
}

func (p People) delete(w http.ResponseWriter, r *http.Request, at place) {
	p.act(w, r, at, "notice.invitation_deleted", p.Door.Invitations.Delete)
}

// act does something with the invitation in the address and returns to the list. The page also sends the e-mail, so
// that a form sent twice can name the person when the invitation is gone.
func (p People) act(w http.ResponseWriter, r *http.Request, at place, notice string, do func(context.Context, membership.Call, string) error) {
	d := p.Door
	form, call, err := d.Sent(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	i, err := p.readInvitation(r, at)
	if membership.KindOf(err) == membership.NotFound && len(call.Done) > 0 { // this very form deleted it
		web.Notify(w, "success", notice, "email", form.Value("email"))
		http.Redirect(w, r, at.back(r), http.StatusSeeOther)
		return
	}
	if err == nil {
		err = do(r.Context(), call, i.ID)
	}
	if err != nil {
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.back_to_invitations"), URL: at.invitations(), Kind: "primary"})
		return
	}
	web.Notify(w, "success", notice, "email", i.Email)
	http.Redirect(w, r, at.back(r), http.StatusSeeOther)
}

func (p People) askEnd(w http.ResponseWriter, r *http.Request, at place) {
	i, err := p.readInvitation(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	ask := web.Confirm{
		Title: web.Text("people.revoke_title", "email", i.Email), Text: web.Text("people.revoke_text"), Points: []web.Phrase{web.Text("people.revoke_point")},
		Action: web.Action{Label: web.Text("people.revoke"), Kind: "danger"},
	}
	if lastPart(r) == "delete" {
		ask = web.Confirm{
			Title: web.Text("people.delete_title", "email", i.Email), Text: web.Text("people.delete_text"),
			Action: web.Action{Label: web.Text("people.delete"), Kind: "danger"},
		}
		if i.Status == membership.InvitationPending || i.Status == membership.InvitationExpired {
			ask.Points = []web.Phrase{web.Text("people.delete_point_user")}
		}
	}
	back := at.back(r)
	ask.Action.URL, ask.Cancel = r.URL.Path, back
	ask.Action.Fields = map[string]string{onceField: p.Door.Once(), "email": i.Email, "back": back}
	p.Door.Pages.Confirm(w, r, ask)
}
