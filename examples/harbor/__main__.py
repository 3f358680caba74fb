from pulumi_chaosreg.program import run

run()
