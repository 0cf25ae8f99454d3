# shellcheck shell=bash
# Downloads Kubernetes' own programs from its official releases, and believes none of them before its checksum and its signature
# are right. Sourced by images/kubernetes/build.
#
# What is published beside each program (https://kubernetes.io/docs/tasks/administer-cluster/verify-signed-artifacts/):
#   PROGRAM.sha512   its checksum
#   PROGRAM.sig      base64 of an ECDSA signature over its SHA-256
#   PROGRAM.cert     the signer's certificate: issued by Sigstore's CA for ten minutes, naming the release managers' account
# Debian has no cosign, and openssl can do what matters: the chain to the CA (whose certificates are in this folder), judged at the
# moment at which the certificate began, the account, the issuer that vouched for it, and the signature. It does not look the
# signature up in the public log, so it would not notice a key that was stolen within its ten minutes.

official_base() { printf '%s' "${FARHOLM_KUBERNETES_RELEASES:-https://dl.k8s.io}"; }
official_ca() { printf '%s' "${FARHOLM_KUBERNETES_RELEASE_CA:-$here/sigstore_ca.pem}"; }
official_identity() {
  printf '%s' "${FARHOLM_KUBERNETES_RELEASE_IDENTITY:-krel-staging@k8s-releng-prod.iam.gserviceaccount.com}"
}
official_issuer() { printf '%s' "${FARHOLM_KUBERNETES_RELEASE_ISSUER:-https://accounts.google.com}"; }

# official_trust: what the verdict on a download depends on; part of the name of what is kept.
official_trust() { content_key "$(official_ca)" "$(official_identity)" "$(official_issuer)"; }

# official_url VERSION PROGRAM
official_url() { printf '%s/release/%s/bin/linux/%s/%s' "$(official_base)" "$1" "$architecture" "$2"; }

# official_reachable VERSION: true if the version can be downloaded from here.
official_reachable() {
  command -v curl >/dev/null || return 1
  curl --silent --fail --location --connect-timeout 5 --max-time 15 --output /dev/null "$(official_url "$1" kubelet.sha512)"
}

# official_download DIR VERSION PROGRAM...: downloads and verifies; what does not verify ends the script, and is not kept.
# A download that fails its check is never a reason to fall back to another source: somebody should look.
official_download() {
  local output="$1" version="$2" name
  shift 2
  need curl curl
  need openssl openssl
  for name in "$@"; do
    with_progress "downloading $name $version from $(official_base)" "$output/log" official_fetch "$output" "$version" "$name"
    official_verify "$output/$name" "$name $version"
    rm "$output/log" "$output/$name".{sha512,sig,cert}
    chmod 0755 "$output/$name"
  done
}

official_fetch() {
  local output="$1" version="$2" name="$3" suffix
  for suffix in .sha512 .sig .cert ""; do
    official_fetch_file "$output/$name$suffix" "$(official_url "$version" "$name$suffix")" || return 1
  done
}

# How often a download that was cut off is gone on with before we give up.
official_attempts=8

# official_fetch_file FILE URL: downloads, and goes on where a connection broke: curl's own retries would begin anew each time.
# What a resumed download consists of need not be trusted, as it is verified whole.
official_fetch_file() {
  local file="$1" url="$2" attempt status
  for ((attempt = 1; attempt <= official_attempts; attempt++)); do
    status=0
    curl --silent --show-error --fail --location --retry 3 --connect-timeout 10 --max-filesize $((1 << 30)) \
      --speed-limit 1024 --speed-time 60 --continue-at - --output "$file" "$url" || status=$?
    # curl's codes: 18 cut off, 28 nothing came for a minute, 35 and 56 the connection broke, 52 no answer.
    case "$status" in
      0) return 0 ;;
      18 | 28 | 35 | 52 | 56) printf 'cut off after %s bytes (attempt %s of %s)\n' "$(stat -c %s "$file" 2>/dev/null || echo 0)" "$attempt" "$official_attempts" ;;
      33) rm -f "$file" ;; # The server cannot begin in the middle.
      *) return "$status" ;;
    esac
  done
  return "$status"
}

# official_verify FILE TITLE: checks FILE against FILE.sha512, FILE.cert and FILE.sig.
official_verify() {
  local file="$1" title="$2" certificate="$1.pem" moment text
  local refuse="$2 is refused, and not kept; tell the Kubernetes release managers if it comes from dl.k8s.io"
  [[ "$(sha512sum <"$file" | cut -d ' ' -f 1)" == "$(tr -d '[:space:]' <"$file.sha512" | cut -c 1-128)" ]] ||
    fail "the checksum of $title is wrong; $refuse"
  # The certificate is PEM, or PEM in base64.
  if grep -q -e '-----BEGIN' "$file.cert"; then cp "$file.cert" "$certificate"
  else base64 --decode <"$file.cert" >"$certificate" || fail "the certificate of $title is not one; $refuse"; fi
  moment="$(openssl x509 -in "$certificate" -noout -startdate)" || fail "the certificate of $title is not one; $refuse"
  moment="$(date --date="${moment#notBefore=}" +%s)"
  openssl verify -attime "$((moment + 1))" -purpose any -CAfile "$(official_ca)" "$certificate" >/dev/null 2>&1 ||
    fail "the certificate that signed $title was not issued by $(official_ca); $refuse"
  text="$(openssl x509 -in "$certificate" -noout -text)"
  grep -q 'Code Signing' <<<"$text" || fail "the certificate that signed $title is not one for signing programs; $refuse"
  openssl x509 -in "$certificate" -noout -ext subjectAltName | grep -q -x -F "    email:$(official_identity)" ||
    fail "$title was not signed by $(official_identity); $refuse"
  # Fulcio's extension: the identity provider that vouched for the account.
  [[ "$(grep -A 1 -F '1.3.6.1.4.1.57264.1.1:' <<<"$text" | sed -n '2s/^[[:space:]]*//p')" == "$(official_issuer)" ]] ||
    fail "nobody trusted ($(official_issuer)) vouches for the signer of $title; $refuse"
  base64 --decode <"$file.sig" >"$file.signature" || fail "the signature of $title is not one; $refuse"
  openssl dgst -sha256 -verify <(openssl x509 -in "$certificate" -noout -pubkey) -signature "$file.signature" "$file" >/dev/null 2>&1 ||
    fail "the signature of $title is wrong; $refuse"
  rm "$certificate" "$file.signature"
}
