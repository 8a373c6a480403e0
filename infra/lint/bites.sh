#!/usr/bin/env bash
# Proves that every rule of .golangci.yml about rooms bites: breaks each rule once in a throw-away copy and expects the
# linter to report it. Takes the linter's path as its argument.
set -euo pipefail
cd "$(dirname "$0")/../.."
linter=${1:-golangci-lint}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard -- '*.go' go.mod go.sum .golangci.yml 'shared/**' |
  while IFS= read -r -d '' f; do [ -f "$f" ] && printf '%s\0' "$f"; done | tar --null -T - -c | tar -x -C "$copy"

expected=()
# break <file> <what the linter must say> <<< code after the package clause
break_rule() {
  local dir="$copy/$(dirname "$1")"
  mkdir -p "$dir"
  local package
  package=$(sed -n 's/^package \([a-z]*\)$/\1/p' "$dir"/*.go 2>/dev/null | grep -v _test | sort | uniq -c | sort -rn | awk 'NR==1{print $2}' || true)
  { echo "package ${package:-main}"; cat; } > "$copy/$1"
  expected+=("$1|$2")
}

break_rule shared/membership/zz_http.go 'the business knows no HTTP' <<< 'import _ "net/http"'
break_rule shared/membership/zz_aws.go "from list 'membership'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/aws"'
break_rule shared/membership/zz_room.go "from list 'membership'" <<< 'import _ "clientele/shared/telemetry"'
break_rule shared/store/zz_http.go 'the store knows no HTTP statuses' <<< 'import _ "net/http"'
break_rule shared/store/zz_mail.go 'the store keeps mails' <<< 'import _ "clientele/shared/mail"'
break_rule shared/store/zz_ses.go "from list 'store'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/sesv2"'
break_rule shared/mail/zz_table.go "from list 'mail'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/dynamodb"'
break_rule shared/mail/zz_template.go "letters are filled by" <<< 'import _ "text/template"'
break_rule shared/mail/zz_ses.go 'the pages show letters' <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/sesv2"'
break_rule shared/httpapi/zz_store.go "from list 'httpapi'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/dynamodb"'
break_rule shared/web/zz_aws.go "from list 'web'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/aws"'
break_rule shared/door/zz_store.go "from list 'door'" <<< 'import _ "clientele/shared/store"'
break_rule shared/files/zz_table.go 'the bucket knows no table' <<< 'import _ "clientele/shared/store"'
break_rule shared/files/zz_client.go "from list 'files'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/dynamodb"'
break_rule shared/picture/zz_gif.go 'one more decoder to attack' <<< 'import _ "image/gif"'
break_rule shared/picture/zz_http.go 'bytes in, bytes out' <<< 'import _ "net/http"'
break_rule shared/inbound/zz_parts.go "no part of a stranger" <<< 'import _ "mime/multipart"'
break_rule shared/inbound/zz_aws.go "from list 'inbound'" <<< 'import _ "github.com/aws/aws-sdk-go-v2/aws"'
break_rule shared/domainname/zz_http.go 'asked by net' <<< 'import _ "net/http"'
break_rule shared/domainname/zz_table.go "from list 'domainname'" <<< 'import _ "clientele/shared/store"'
break_rule shared/telemetry/zz_room.go "from list 'telemetry'" <<< 'import _ "golang.org/x/text/unicode/norm"'
break_rule shared/api/zz_room.go "from list 'api'" <<< 'import _ "golang.org/x/text/unicode/norm"'
break_rule shared/csvfile/zz_csv.go 'loses rows behind a broken one' <<< 'import _ "encoding/csv"'
break_rule shared/embeds/zz_template.go 'costs an API function 2 MB' <<< 'import _ "html/template"'
break_rule shared/phone/zz_library.go 'costs 5.4 MB' <<< 'import _ "github.com/nyaruka/phonenumbers"'
break_rule shared/membership/zz_collate.go 'costs 1.7 MB' <<< 'import _ "golang.org/x/text/collate"'
break_rule shared/membership/zz_door.go 'shared rooms know no function' <<< 'import _ "clientele/functions/zz_other/inner"'
break_rule shared/httpapi/zz_infra.go 'infra is deployed or run beside' <<< 'import _ "clientele/infra/zz_tool"'
break_rule shared/session/zz_credentials.go 'aws.Config is built by hand' <<< 'import _ "github.com/aws/aws-sdk-go-v2/credentials"'
break_rule functions/zz_door/handler.go 'handlers call use cases' <<< 'import _ "github.com/aws/aws-sdk-go-v2/service/dynamodb"'
break_rule functions/zz_door/other.go 'a function knows no other function' <<< 'import _ "clientele/functions/zz_other/inner"'
break_rule functions/zz_door/main.go 'clients are built in shared/awsclient' <<'CODE'
import _ "github.com/aws/aws-sdk-go-v2/service/dynamodb"
func main() {}
CODE
break_rule functions/zz_door/clock.go 'time is passed in' <<'CODE'
import "time"
var _ = time.Now
CODE
break_rule functions/zz_door/since.go 'time is passed in' <<'CODE'
import "time"
func since(t time.Time) time.Duration { return time.Since(t) }
CODE
break_rule functions/zz_door/environment.go 'the environment is read in main.go' <<'CODE'
import "os"
func environment() string { return os.Getenv("X") }
CODE
break_rule functions/zz_door/fatal.go 'only main.go ends the process' <<'CODE'
import "log"
func fatal() { log.Fatalf("x") }
CODE
break_rule functions/zz_door/client.go 'they have no time limits' <<'CODE'
import "net/http"
func client() *http.Client { return http.DefaultClient }
CODE
break_rule shared/store/zz_scan.go 'nothing scans the table' <<'CODE'
import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)
func scan(ctx context.Context, c *dynamodb.Client, in *dynamodb.QueryInput) error {
	_, err := c.Scan(ctx, nil)
	return err
}
CODE
break_rule functions/zz_door/global.go 'counter is a global variable' <<< 'var counter int'
break_rule functions/zz_door/init.go "don't use" <<< 'func init() {}'
break_rule functions/zz_door/wrapped.go 'type assertion on error will fail on wrapped errors' <<'CODE'
import "os"
func wrapped(err error) bool { _, ok := err.(*os.PathError); return ok }
CODE
break_rule functions/zz_door/unchecked.go 'Error return value of' <<'CODE'
import "os"
func unchecked() { os.Mkdir("x", 0o700) }
CODE
break_rule shared/membership/zz_comment.go 'exported function Undocumented should have comment' <<< 'func Undocumented() {}'

mkdir -p "$copy/functions/zz_other/inner" "$copy/infra/zz_tool"
echo 'package inner' > "$copy/functions/zz_other/inner/inner.go"
echo 'package tool' > "$copy/infra/zz_tool/tool.go"

cd "$copy"
mapfile -t rooms < <(printf './%s\n' "${expected[@]%%/zz_*}" | grep -v functions | sort -u)
said=$("$linter" run --output.text.print-issued-lines=false ./functions/zz_door "${rooms[@]}" 2>&1) || true
missed=0
for e in "${expected[@]}"; do
  if ! grep -F "${e%%|*}:" <<< "$said" | grep -qF "${e#*|}"; then
    echo "does not bite: ${e%%|*} should say: ${e#*|}"
    grep -F "${e%%|*}:" <<< "$said" || true
    missed=1
  fi
done
if [ "$missed" = 1 ]; then grep -E 'typecheck|level=error' <<< "$said" | head -20; exit 1; fi
echo "all ${#expected[@]} broken rules were noticed"
