from training.studies.leakage.study import main

raise SystemExit(main())
