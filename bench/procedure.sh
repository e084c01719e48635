#!/bin/sh
# The procedure of Google's page "Route Agent Runtime traffic through Agent Gateway" as a script: one call per step, and one
# read-modify-write of a policy per grant. It is what a user would write from the page, with the waits it needs to work.
#
# ENGINES, KEYS: lists, separated by blanks; PARENT: projects/…/locations/…; GATEWAY: full name; TOKEN; and the roots of the
# APIs: AIPLATFORM, AGENTREGISTRY, IAP. POLL: seconds between two looks at an operation.
set -eu

call() { # method url [body]
  if [ $# -gt 2 ]; then
    curl -sSf -X "$1" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "$3" "$2"
  else
    curl -sSf -X "$1" -H "Authorization: Bearer $TOKEN" "$2"
  fi
}

wait_for() { # root operation
  while [ "$(call GET "$1$2" | jq -r '.done // false')" != true ]; do sleep "$POLL"; done
}

# "Associate an existing agent with an Agent-to-Anywhere gateway"
bind() { # engine
  operation=$(call PATCH "${AIPLATFORM}v1beta1/$PARENT/reasoningEngines/$1?updateMask=spec.deploymentSpec.agentGatewayConfig" \
    "{\"spec\":{\"deploymentSpec\":{\"agentGatewayConfig\":{\"agentToAnywhereConfig\":{\"agentGateway\":\"$GATEWAY\"}}}}}" | jq -r .name)
  wait_for "${AIPLATFORM}v1beta1/" "$operation"
}

# "Register with the Agent Registry instance"; prints the ID of the endpoint
register() { # key
  operation=$(call POST "${AGENTREGISTRY}v1/$PARENT/services?serviceId=$1" \
    "{\"displayName\":\"$1\",\"endpointSpec\":{\"type\":\"NO_SPEC\"},\"interfaces\":[{\"url\":\"https://$1.example.com\",\"protocolBinding\":\"JSONRPC\"}]}" | jq -r .name)
  wait_for "${AGENTREGISTRY}v1/" "$operation"
  call GET "${AGENTREGISTRY}v1/$PARENT/services/$1" | jq -r '.registryResource | split("/") | last'
}

# "Create an agent-to-registry IAM policy binding", as gcloud's add-iam-policy-binding does it
grant() { # endpoint ID, member
  resource="${IAP}v1/$IAP_PARENT/iap_web/agentRegistry/endpoints/$1"
  policy=$(call POST "$resource:getIamPolicy" '{"options":{"requestedPolicyVersion":3}}')
  changed=$(printf %s "$policy" | jq -c --arg member "$2" '
    .bindings = ((.bindings // []) as $all
      | if any($all[]; .role == "roles/iap.egressor")
        then $all | map(if .role == "roles/iap.egressor" then .members = (.members + [$member] | unique) else . end)
        else $all + [{role: "roles/iap.egressor", members: [$member]}] end) | {policy: (. + {version: 3})}')
  call POST "$resource:setIamPolicy" "$changed" >/dev/null
}

member_of() { # engine
  call GET "${AIPLATFORM}v1beta1/$PARENT/reasoningEngines/$1" | jq -r '"principal://" + .spec.effectiveIdentity'
}

# "Verify your agent configuration": null means that the Runtime has failed to bind
verify() { # engine
  found=$(call GET "${AIPLATFORM}v1beta1/$PARENT/reasoningEngines/$1" |
    jq -r '.spec.deploymentSpec.agentGatewayConfig.agentToAnywhereConfig.agentGateway')
  [ "$found" != null ] || { echo "$1 is not bound" >&2; exit 1; }
}
