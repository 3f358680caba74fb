module chaosreg.lab/definitions

go 1.26

require (
	github.com/argoproj/argo-workflows/v3 v3.4.16
	github.com/litmuschaos/chaos-operator v0.0.0-20240301085554-ba4d2f704cfa
)
