package store

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// item is one item of the table. Reading an attribute that is missing or of another type gives the zero value; empty
// values are not stored. It is written by hand because the SDK's reflection-based codec costs start-up time in every
// function.
type item map[string]types.AttributeValue

// Entity names, the value of the attribute entity of every item; doc.go describes each.
const (
	entityCustomer     = "customer"
	entityCustomerWord = "customer-word"
	entityExternalID   = "external-id"
	entitySubAccount   = "subaccount"
	entitySubAccounts  = "subaccount-count"
	entityUser         = "user"
	entitySignIns      = "sign-ins"
	entityUserRow      = "user-row"
	entityLogin        = "login"
	entityElsewhere    = "address-elsewhere"
	entityInvitation   = "invitation"
	entityMail         = "mail"
	entityAudit        = "audit"
	entityMarker       = "idempotency-key"
	entitySession      = "session"
	entityAttempts     = "attempts"
	entityAvatarUpload = "avatar-upload"
	entityThrottle     = "throttle"
	entityDigest       = "digest"
	entityDigestRow    = "digest-row"
	entityProjection   = "projection"
	entityUserWord     = "user-word"
	entityCount        = "count"
	entityGroup        = "group"
	entityGroupOf      = "group-customer"
	entityGroupName    = "group-name"
	entityGroups       = "group-count"
	entityJob          = "job"
	entityImport       = "import"
	entityOnlyUser     = "only-user"

	entitySettings         = "settings"
	entityRegistration     = "registration"
	entityRegistrationRow  = "registration-row"
	entityOpenRegistration = "registration-open"
	entityDomain           = "domain"
	entityDomainClaim      = "domain-claim"
	entityDomains          = "domain-count"
	entityContactAddress   = "contact-address"
	entityGuestLink        = "guest-link"
	entityGuestSession     = "guest-session"
)

// newItem returns an item with its key and entity.
func newItem(k key, entity string) item {
	return item{
		"pk":     &types.AttributeValueMemberS{Value: k.pk},
		"sk":     &types.AttributeValueMemberS{Value: k.sk},
		"entity": &types.AttributeValueMemberS{Value: entity},
	}
}

func (k key) item() item {
	return item{"pk": &types.AttributeValueMemberS{Value: k.pk}, "sk": &types.AttributeValueMemberS{Value: k.sk}}
}

func (i item) key() key { return key{i.str("pk"), i.str("sk")} }

func (i item) setStr(name, v string) {
	if v != "" {
		i[name] = str(v)
	}
}

func (i item) setInt(name string, v int) {
	if v != 0 {
		i[name] = num(int64(v))
	}
}

func (i item) setBool(name string, v bool) {
	if v {
		i[name] = yes()
	}
}

func (i item) setBytes(name string, v []byte) {
	if len(v) > 0 {
		i[name] = &types.AttributeValueMemberB{Value: v}
	}
}

// setTime stores a time to the second, as RFC 3339 in UTC, which sorts.
func (i item) setTime(name string, v time.Time) {
	if !v.IsZero() {
		i[name] = str(stamp(v))
	}
}

// setTTL sets the time after which DynamoDB may delete the item.
func (i item) setTTL(v time.Time) { i["ttl"] = num(v.Unix()) }

func (i item) setStrs(name string, v []string) {
	if len(v) == 0 {
		return
	}
	l := make([]types.AttributeValue, len(v))
	for n, s := range v {
		l[n] = str(s)
	}
	i[name] = &types.AttributeValueMemberL{Value: l}
}

func (i item) setMap(name string, v map[string]string) {
	if len(v) == 0 {
		return
	}
	m := make(map[string]types.AttributeValue, len(v))
	for k, s := range v {
		m[k] = str(s)
	}
	i[name] = &types.AttributeValueMemberM{Value: m}
}

func (i item) str(name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func (i item) int(name string) int {
	if v, ok := i[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.Atoi(v.Value)
		return n
	}
	return 0
}

func (i item) bool(name string) bool {
	v, ok := i[name].(*types.AttributeValueMemberBOOL)
	return ok && v.Value
}

func (i item) bytes(name string) []byte {
	if v, ok := i[name].(*types.AttributeValueMemberB); ok {
		return v.Value
	}
	return nil
}

func (i item) time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, i.str(name))
	return t
}

func (i item) strs(name string) []string {
	v, ok := i[name].(*types.AttributeValueMemberL)
	if !ok {
		return nil
	}
	var out []string
	for _, x := range v.Value {
		if s, ok := x.(*types.AttributeValueMemberS); ok {
			out = append(out, s.Value)
		}
	}
	return out
}

func (i item) strMap(name string) map[string]string {
	v, ok := i[name].(*types.AttributeValueMemberM)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(v.Value))
	for k, x := range v.Value {
		if s, ok := x.(*types.AttributeValueMemberS); ok {
			out[k] = s.Value
		}
	}
	return out
}

func str(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func num(v int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
}

func yes() types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: true} }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
