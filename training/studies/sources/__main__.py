from training.studies.sources.study import main

raise SystemExit(main())
