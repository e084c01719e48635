#!/usr/bin/env bash
# Sets up what the workflows of these examples sign in with: one Workload Identity Federation provider for GitHub, and two service
# accounts. The planner may only read, and every workflow of the repository may be it; the binder may write, and only jobs of one
# protected environment may be it. Safe to run again.
#
#   PROJECT=acme-agents REPOSITORY=acme/agents REPOSITORY_ID=123456789 ./setup.sh
#
# REPOSITORY_ID: gh api repos/OWNER/NAME --jq .id. A name can be taken by somebody else once a repository is gone; its number cannot.
set -euo pipefail
cd "$(dirname "$0")"

: "${PROJECT:?the project of the agents and the gateway}"
: "${REPOSITORY:?OWNER/NAME on GitHub}"
: "${REPOSITORY_ID:?the number of the repository}"
ENVIRONMENT=${ENVIRONMENT:-agent-gateway}
POOL=${POOL:-github}
PROVIDER=${PROVIDER:-main}

number=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
pool="projects/$number/locations/global/workloadIdentityPools/$POOL"

# The first command says whether it is there.
unless() { gcloud "${@:2}" >/dev/null 2>&1 || return 0; echo "$1 is there"; return 1; }

gcloud services enable --project="$PROJECT" \
  agentregistry.googleapis.com aiplatform.googleapis.com cloudresourcemanager.googleapis.com iam.googleapis.com \
  iamcredentials.googleapis.com iap.googleapis.com networksecurity.googleapis.com networkservices.googleapis.com sts.googleapis.com

if unless "pool $POOL" iam workload-identity-pools describe "$POOL" --project="$PROJECT" --location=global; then
  gcloud iam workload-identity-pools create "$POOL" --project="$PROJECT" --location=global --display-name=GitHub
fi
if unless "provider $PROVIDER" iam workload-identity-pools providers describe "$PROVIDER" \
  --project="$PROJECT" --location=global --workload-identity-pool="$POOL"; then
  gcloud iam workload-identity-pools providers create-oidc "$PROVIDER" \
    --project="$PROJECT" --location=global --workload-identity-pool="$POOL" \
    --issuer-uri=https://token.actions.githubusercontent.com \
    --attribute-mapping=google.subject=assertion.sub,attribute.repository_id=assertion.repository_id \
    --attribute-condition="assertion.repository_id == '$REPOSITORY_ID'"
fi

# ACCOUNT ROLE FILE MEMBER: a service account with a custom role, and who on GitHub may be it.
identity() {
  local account="$1@$PROJECT.iam.gserviceaccount.com"
  if unless "service account $1" iam service-accounts describe "$account" --project="$PROJECT"; then
    gcloud iam service-accounts create "$1" --project="$PROJECT"
  fi
  if unless "role $2" iam roles describe "$2" --project="$PROJECT"; then
    gcloud iam roles create "$2" --project="$PROJECT" --file="$3"
  else
    gcloud iam roles update "$2" --project="$PROJECT" --file="$3" --quiet
  fi
  gcloud projects add-iam-policy-binding "$PROJECT" \
    --member="serviceAccount:$account" --role="projects/$PROJECT/roles/$2" --condition=None --quiet >/dev/null
  gcloud iam service-accounts add-iam-policy-binding "$account" --project="$PROJECT" \
    --member="$4" --role=roles/iam.workloadIdentityUser --quiet >/dev/null
}

identity agent-planner agentGatewayPlanner planner.yaml \
  "principalSet://iam.googleapis.com/$pool/attribute.repository_id/$REPOSITORY_ID"
identity agent-binder agentGatewayBinder binder.yaml \
  "principal://iam.googleapis.com/$pool/subject/repo:$REPOSITORY:environment:$ENVIRONMENT"

cat <<END

workload_identity_provider: $pool/providers/$PROVIDER
service_account, plan and verify: agent-planner@$PROJECT.iam.gserviceaccount.com
service_account, apply: agent-binder@$PROJECT.iam.gserviceaccount.com

Protect the environment "$ENVIRONMENT" of $REPOSITORY (required reviewers, deployments from the protected branch only):
whoever can run a job in it can write.
END
