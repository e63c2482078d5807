from training.studies.ablation.study import main

raise SystemExit(main())
